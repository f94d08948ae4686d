//! AMQP headers, as text.

use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};

use crate::trace::TraceContext;

/// W3C Trace Context: the same header on every broker.
const TRACEPARENT: &str = "traceparent";

/// Headers to send, with the trace that they are sent in.
pub(super) fn table<const N: usize>(trace: TraceContext, headers: [(&str, String); N]) -> FieldTable {
    let mut table = FieldTable::default();
    table.insert(TRACEPARENT.into(), AMQPValue::LongString(trace.to_string().into()));
    for (name, value) in headers {
        table.insert(name.into(), AMQPValue::LongString(value.into()));
    }
    table
}

/// The header called `name`.
///
/// # Errors
/// That it is not there, or is not text.
pub(super) fn text<'a>(properties: &'a BasicProperties, name: &str) -> Result<&'a str, String> {
    let value = properties.headers().as_ref().and_then(|headers| headers.inner().get(name));
    let text = match value {
        Some(AMQPValue::LongString(text)) => std::str::from_utf8(text.as_bytes()).ok(),
        Some(AMQPValue::ShortString(text)) => Some(text.as_str()),
        _ => None,
    };
    text.ok_or_else(|| format!("it has no header {name}"))
}

/// The header called `name`, parsed.
///
/// # Errors
/// That it is not there, or not as it should be.
pub(super) fn parsed<T: std::str::FromStr>(properties: &BasicProperties, name: &str) -> Result<T, String> {
    text(properties, name)?.parse().map_err(|_| format!("its header {name} is malformed"))
}

/// The trace that a message came in, or a new one.
pub(super) fn trace(properties: &BasicProperties) -> TraceContext {
    parsed(properties, TRACEPARENT).unwrap_or_else(|_| TraceContext::root())
}
