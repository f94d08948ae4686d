//! The shapes that a shop can take: one suite of tests runs over each.

use std::path::Path;

use contracts::Service;
use rusqlite::{Connection, OpenFlags};

use super::{Mercato, process::Process};

/// How the shop is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Everything in one process, on embedded stores and the broker within it.
    Embedded,
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
            Ok(other) => panic!("MERCATO_SHAPE is '{other}'; there is: embedded"),
        }
    }

    /// Starts a shop of this shape on the data of `mercato`, logging to the file `log`.
    pub(super) fn launch(self, mercato: &Mercato, log: &Path) -> Process {
        match self {
            Self::Embedded => Process::spawn(mercato.command(&["serve", "--port", "0"]), log),
        }
    }

    /// How many rows `table` of `service` has.
    pub(super) fn rows(self, data: &Path, service: Service, table: &str) -> u64 {
        match self {
            Self::Embedded => {
                let file = data.join(format!("{service}.db"));
                let count =
                    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|store| {
                        store.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                            row.get::<_, i64>(0)
                        })
                    });
                count.unwrap_or_else(|error| panic!("{table} of {service}: {error}")).unsigned_abs()
            }
        }
    }
}
