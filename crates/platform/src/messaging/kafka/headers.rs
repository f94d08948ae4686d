//! Kafka's record headers, as text.

use rdkafka::message::{Header, Headers, OwnedHeaders};

use crate::trace::TraceContext;

/// W3C Trace Context: the same header on every broker.
const TRACEPARENT: &str = "traceparent";

/// Headers to send, with the trace that they are sent in.
pub(super) fn headers<const N: usize>(trace: TraceContext, headers: [(&str, String); N]) -> OwnedHeaders {
    let traced = OwnedHeaders::new_with_capacity(N + 2)
        .insert(Header { key: TRACEPARENT, value: Some(&trace.to_string()) })
        .insert(Header { key: "content-type", value: Some("application/json") });
    headers.iter().fold(traced, |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
}

/// The header called `name`.
///
/// # Errors
/// That it is not there, or is not text.
pub(super) fn text<'a>(headers: Option<&'a OwnedHeaders>, name: &str) -> Result<&'a str, String> {
    let mut found = headers.into_iter().flat_map(Headers::iter).filter(|header| header.key == name);
    let value = found.next().and_then(|header| header.value);
    let text = value.and_then(|value| std::str::from_utf8(value).ok());
    text.ok_or_else(|| format!("it has no header {name}"))
}

/// The header called `name`, parsed.
///
/// # Errors
/// That it is not there, or not as it should be.
pub(super) fn parsed<T: std::str::FromStr>(headers: Option<&OwnedHeaders>, name: &str) -> Result<T, String> {
    text(headers, name)?.parse().map_err(|_| format!("its header {name} is malformed"))
}

/// The trace that a message came in, or a new one.
pub(super) fn trace(headers: Option<&OwnedHeaders>) -> TraceContext {
    parsed(headers, TRACEPARENT).unwrap_or_else(|_| TraceContext::root())
}
