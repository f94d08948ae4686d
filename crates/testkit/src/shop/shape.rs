//! The shapes that a shop can take: one suite of tests runs over each, and whatever is measured or broken is of one.

use std::{fmt, path::Path};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::{Mercato, process::Process};
use crate::stack::Broker;

/// How a shop is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// One process, SQLite, the in-process broker: needs nothing but a C compiler
    // Each test has one of its own.
    Embedded,
    /// Services of their own on PostgreSQL and RabbitMQ, behind nginx: these have to be installed
    // All tests of a run use the same.
    Rabbitmq,
    /// The same on a broker that speaks Kafka's protocol in place of RabbitMQ
    Kafka,
}

impl Shape {
    /// The shape that `MERCATO_SHAPE` names; [`Shape::Embedded`] if it is not set.
    ///
    /// # Panics
    /// If there is no such shape.
    #[must_use]
    pub fn chosen() -> Self {
        let name = std::env::var("MERCATO_SHAPE").unwrap_or_default();
        if name.is_empty() {
            return Self::Embedded;
        }
        let found = Self::value_variants().iter().find(|shape| shape.name() == name);
        *found.unwrap_or_else(|| panic!("MERCATO_SHAPE is '{name}'; there are: {:?}", Self::value_variants()))
    }

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Rabbitmq => "rabbitmq",
            Self::Kafka => "kafka",
        }
    }

    /// The broker of a shop that is a [stack](crate::stack); the others have none that is a process.
    #[must_use]
    pub const fn broker(self) -> Option<Broker> {
        match self {
            Self::Embedded => None,
            Self::Rabbitmq => Some(Broker::Rabbitmq),
            Self::Kafka => Some(Broker::Kafka),
        }
    }

    /// Starts a shop of this shape on the data of `mercato`, logging to the file `log`.
    ///
    /// # Panics
    /// If it is not for a test to start one: `cargo xtask test` knows which tests do.
    pub(super) fn launch(self, mercato: &Mercato, log: &Path) -> Process {
        assert_eq!(
            self,
            Self::Embedded,
            "a test that starts or ends the shop is for the embedded shape only"
        );
        Process::spawn(mercato.command(&["serve", "--port", "0"]), log)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
