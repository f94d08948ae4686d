//! Logs, metrics and error reports: what a process says about itself to those who run it.

mod logs;
mod metrics;
mod reports;

use thiserror::Error;

pub use logs::Format;
pub use metrics::metrics_handle;

/// How a process reports.
#[derive(Clone, Debug)]
pub struct TelemetrySettings {
    /// How log lines look.
    pub format: Format,
    /// Which events are logged, such as `info,shopping=debug` (the syntax of `tracing_subscriber::EnvFilter`). Rocket's
    /// own lines are left out unless it names `rocket`.
    pub filter: String,
    /// Where errors are reported to (Sentry); nowhere without it.
    pub sentry_dsn: Option<String>,
    /// Which deployment this is, such as `production`.
    pub environment: String,
    /// Which version runs, such as `mercato@0.1.0`.
    pub release: String,
}

/// Why telemetry could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The filter does not parse.
    #[error("the log filter '{filter}' is not valid: {reason}")]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The DSN does not parse. It is not repeated, because it holds a key.
    #[error("the Sentry DSN is not valid: {0}")]
    Dsn(String),
    /// Something in this process logs already.
    #[error("logging is set up already: {0}")]
    AlreadySetUp(String),
}

/// Sends what is still to be sent when it is dropped: keep it until the process ends.
#[must_use]
pub struct TelemetryGuard {
    _reports: Option<sentry::ClientInitGuard>,
}

/// Sets up logs on **stderr** (stdout is for data), error reports if there is a DSN, and metrics. To be called once, in
/// `main`, before anything logs and before a Rocket is built.
///
/// # Errors
///
/// See [`TelemetryError`].
pub fn init(settings: &TelemetrySettings) -> Result<TelemetryGuard, TelemetryError> {
    let filter = logs::filter(&settings.filter)?;
    let reports =
        settings.sentry_dsn.as_deref().map(|dsn| reports::client_options(dsn, settings)).transpose()?;
    logs::subscribe(settings.format, filter, reports.is_some())?;
    // In this order: Sentry's panic hook calls the one before it.
    logs::log_panics();
    let reports = reports.map(sentry::init);
    metrics_handle();
    Ok(TelemetryGuard { _reports: reports })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> TelemetrySettings {
        TelemetrySettings {
            format: Format::Json,
            filter: "info,platform=debug".into(),
            sentry_dsn: None,
            environment: "test".into(),
            release: "mercato@0.0.0".into(),
        }
    }

    #[test]
    fn a_filter_that_does_not_parse_is_named() {
        let wrong = TelemetrySettings { filter: "info,shopping=loud".into(), ..settings() };
        let error = init(&wrong).err().unwrap();
        assert!(error.to_string().contains("'info,shopping=loud'"), "{error}");
    }

    #[test]
    fn a_dsn_that_does_not_parse_is_not_repeated() {
        let wrong = TelemetrySettings { sentry_dsn: Some("https://secret@".into()), ..settings() };
        let error = init(&wrong).err().unwrap();
        assert!(matches!(error, TelemetryError::Dsn(_)), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
