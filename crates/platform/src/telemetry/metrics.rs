//! Metrics, kept in the process until Prometheus asks for them.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The bounds of every histogram whose name ends in `_seconds`: from a cache hit to a request timeout.
const SECONDS: [f64; 15] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The metrics of this process. The first call installs the recorder, and what was counted before it is lost.
///
/// Somebody has to call `run_upkeep` on it now and then (five seconds are usual), or histograms that nobody scrapes
/// pile up their samples.
pub fn metrics_handle() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    let builder = PrometheusBuilder::new();
    // It refuses nothing but an empty list.
    let builder =
        builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS).unwrap_or_default();
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::error!("another metrics recorder is installed already: /metrics will be empty");
    }
    metrics::describe_counter!("http_requests_total", "HTTP requests, by route and status.");
    metrics::describe_histogram!(
        "http_request_duration_seconds",
        metrics::Unit::Seconds,
        "The time until the head of an answer was ready, by route."
    );
    handle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_in_buckets() {
        let handle = metrics_handle();
        metrics::histogram!("a_test_seconds").record(0.02);
        let text = handle.render();
        assert!(text.contains(r#"a_test_seconds_bucket{le="0.025"} 1"#), "{text}");
        assert!(text.contains(r#"a_test_seconds_bucket{le="0.01"} 0"#), "{text}");
    }
}
