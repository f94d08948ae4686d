//! Error reports to Sentry: errors that are logged become events, and what was logged before them their breadcrumbs.

use sentry::{
    ClientOptions,
    integrations::tracing::{BreadcrumbLayer, ErrorLayer},
    types::Dsn,
};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use super::{
    TelemetryError, TelemetrySettings,
    logs::{GUARD, PANIC},
};

pub(super) fn client_options(
    dsn: &str,
    settings: &TelemetrySettings,
) -> Result<ClientOptions, TelemetryError> {
    // Parsed here, because the option's own parser panics.
    let parsed: Dsn =
        dsn.parse().map_err(|error: sentry::types::ParseDsnError| TelemetryError::Dsn(error.to_string()))?;
    let mut options = ClientOptions::new()
        .environment(settings.environment.clone())
        .release(settings.release.clone())
        .attach_stacktrace(true);
    options.dsn = Some(parsed);
    Ok(options)
}

/// Events carry the fields of the span that they happened in, so a report has the `trace_id` of its request.
pub(super) fn layers<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let errors = ErrorLayer::new().enable_span_attributes().with_filter(filter_fn(is_reported));
    let breadcrumbs = BreadcrumbLayer::new().with_filter(filter_fn(is_breadcrumb));
    errors.and_then(breadcrumbs)
}

/// Spans pass, or their fields would not be there to carry.
fn is_reported(metadata: &Metadata<'_>) -> bool {
    let is_error = *metadata.level() == Level::ERROR && metadata.target() != PANIC;
    metadata.is_span() || (is_error && !is_rockets(metadata))
}

fn is_breadcrumb(metadata: &Metadata<'_>) -> bool {
    let is_news = matches!(*metadata.level(), Level::WARN | Level::INFO);
    metadata.is_event() && is_news && !is_rockets(metadata)
}

/// To Rocket every path that leads nowhere is an error, and every guard that fails a warning.
fn is_rockets(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("rocket") || metadata.target().ends_with(GUARD)
}
