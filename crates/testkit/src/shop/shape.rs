//! The shapes that a shop can take: one suite of tests runs over each.

use std::path::Path;

use super::{Mercato, process::Process};

/// How the shop is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Everything in one process, on embedded stores and the broker within it: each test has one of its own.
    Embedded,
    /// Services of their own on PostgreSQL and RabbitMQ, behind nginx: all tests of a run use the same.
    Rabbitmq,
}

impl Shape {
    /// The shape that `MERCATO_SHAPE` names; [`Shape::Embedded`] if it is not set.
    ///
    /// # Panics
    /// If there is no such shape.
    #[must_use]
    pub fn chosen() -> Self {
        match std::env::var("MERCATO_SHAPE").as_deref() {
            Err(_) | Ok("" | "embedded") => Self::Embedded,
            Ok("rabbitmq") => Self::Rabbitmq,
            Ok(other) => panic!("MERCATO_SHAPE is '{other}'; there are: embedded, rabbitmq"),
        }
    }

    /// Starts a shop of this shape on the data of `mercato`, logging to the file `log`.
    ///
    /// # Panics
    /// If it is not for a test to start one: `cargo xtask test` knows which tests do.
    pub(super) fn launch(self, mercato: &Mercato, log: &Path) -> Process {
        match self {
            Self::Embedded => Process::spawn(mercato.command(&["serve", "--port", "0"]), log),
            Self::Rabbitmq => panic!("a test that starts or ends the shop is for the embedded shape only"),
        }
    }
}
