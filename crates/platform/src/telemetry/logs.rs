//! Log lines on stderr.

use std::{
    io::{self, IsTerminal as _},
    panic,
};

use serde::{Deserialize, Serialize};
use tracing::{Metadata, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt as _, filter_fn},
    fmt,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use super::{TelemetryError, reports};

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For somebody who reads along.
    #[default]
    Human,
    /// One JSON object a line, for what collects them.
    Json,
}

/// Panics are logged under this target. Sentry learns of them by a hook of its own, with a stack trace.
pub(super) const PANIC: &str = "panic";

/// Rocket's macros log each guard that fails, from within our crates, under targets that end so.
pub(super) const GUARD: &str = "::_";

/// Crates that say what this program says itself, and better: Rocket several lines a request; lapin each error of an
/// outage, and each message that nobody takes with what is in it; refinery each migration that there is nothing to do for.
const QUIET: [&str; 3] = ["rocket", "lapin", "refinery_core"];

/// Reads `directives`. What is [`QUIET`] stays so unless they name it.
pub(super) fn filter(directives: &str) -> Result<EnvFilter, TelemetryError> {
    let unnamed = QUIET.iter().filter(|name| !directives.contains(*name));
    let with_default = unnamed.fold(directives.to_owned(), |all, name| format!("{all},{name}=off"));
    EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse(with_default.trim_start_matches(','))
        .map_err(|error| TelemetryError::Filter { filter: directives.to_owned(), reason: error.to_string() })
}

pub(super) fn subscribe(format: Format, filter: EnvFilter, report: bool) -> Result<(), TelemetryError> {
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        Format::Human => fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr).boxed(),
        // Flat, so that a query can name a field without knowing how deep it lies.
        Format::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(io::stderr)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter.and(filter_fn(is_no_guard))))
        .with(report.then(reports::layers))
        .try_init()
        .map_err(|error| TelemetryError::AlreadySetUp(error.to_string()))
}

/// A client's mistake is no warning, and the answer to it says more.
fn is_no_guard(metadata: &Metadata<'_>) -> bool {
    !metadata.target().ends_with(GUARD)
}

/// Panics become log lines like all others, with the span that they happened in.
pub(super) fn log_panics() {
    panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a panic without a message");
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(target: PANIC, place, "{message}");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rocket_is_silent_unless_it_is_asked_to_speak() {
        let shown = |directives: &str| filter(directives).unwrap().to_string();
        assert!(shown("info").contains("rocket=off"));
        assert!(shown("").contains("rocket=off"));
        assert!(!shown("info,rocket=debug").contains("rocket=off"));
    }
}
