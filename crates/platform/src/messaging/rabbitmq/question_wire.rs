//! A question and its answer on the wire. `contracts::asyncapi` documents the headers.

use std::time::Duration;

use bytes::Bytes;
use contracts::Service;
use lapin::{BasicProperties, message::Delivery, types::ShortString};
use uuid::Uuid;

use super::headers;
use crate::messaging::{RpcCall, RpcError};

/// AMQP's delivery mode of a message that is gone when the broker stops.
const TRANSIENT: u8 = 1;
/// The header that says whether a reply's payload is the answer or an [`RpcError`].
const OUTCOME: &str = "outcome";
const ANSWER: &str = "answer";
const FAILURE: &str = "failure";

/// The properties that `call` is sent with; the broker drops it when the time that is `left` has passed.
pub(super) fn question(call: &RpcCall, id: Uuid, reply_to: &ShortString, left: Duration) -> BasicProperties {
    let milliseconds = left.as_millis().saturating_add(1);
    let headers = [("method", call.method.clone()), ("deadline", call.deadline.to_string())];
    BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(TRANSIENT)
        .with_message_id(id.to_string().into())
        .with_correlation_id(id.to_string().into())
        .with_reply_to(reply_to.clone())
        .with_expiration(milliseconds.to_string().into())
        .with_headers(headers::table(call.trace, headers))
}

/// The question to `service` that was delivered.
///
/// # Errors
/// What is missing of it.
pub(super) fn call(service: Service, delivery: &mut Delivery) -> Result<RpcCall, String> {
    let properties = &delivery.properties;
    Ok(RpcCall {
        service,
        method: headers::text(properties, "method")?.to_owned(),
        deadline: headers::parsed(properties, "deadline")?,
        trace: headers::trace(properties),
        payload: std::mem::take(&mut delivery.data).into(),
    })
}

/// The reply to what came with `asked`: its properties and payload.
pub(super) fn reply(asked: &BasicProperties, answer: Result<Bytes, RpcError>) -> (BasicProperties, Bytes) {
    let (outcome, payload) = match answer {
        Ok(answer) => (ANSWER, answer),
        // It is made of text alone, which is always JSON.
        Err(error) => (FAILURE, serde_json::to_vec(&error).unwrap_or_default().into()),
    };
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(TRANSIENT)
        .with_correlation_id(asked.correlation_id().clone().unwrap_or_default())
        .with_headers(headers::table(headers::trace(asked).child(), [(OUTCOME, outcome.to_owned())]));
    (properties, payload)
}

/// Which question a reply is to.
pub(super) fn replied_to(properties: &BasicProperties) -> Option<Uuid> {
    properties.correlation_id().as_ref()?.as_str().parse().ok()
}

/// What a reply says.
///
/// # Errors
/// The failure that it tells of, or [`RpcError::Failed`] if it cannot be read.
pub(super) fn answer(reply: &mut Delivery) -> Result<Bytes, RpcError> {
    let payload = Bytes::from(std::mem::take(&mut reply.data));
    match headers::text(&reply.properties, OUTCOME) {
        Ok(ANSWER) => Ok(payload),
        Ok(FAILURE) => Err(serde_json::from_slice(&payload).unwrap_or_else(|_| unreadable())),
        _ => Err(unreadable()),
    }
}

fn unreadable() -> RpcError {
    RpcError::Failed("an unreadable reply".to_owned())
}
