//! A question and its answer on the wire. `contracts::asyncapi` documents the headers.

use bytes::Bytes;
use contracts::Service;
use rdkafka::{
    Message as _,
    message::{OwnedHeaders, OwnedMessage},
};
use uuid::Uuid;

use super::headers;
use crate::messaging::{RpcCall, RpcError};

/// The header that says whether a reply's payload is the answer or an [`RpcError`].
const OUTCOME: &str = "outcome";
const ANSWER: &str = "answer";
const FAILURE: &str = "failure";

/// Where the answer to a question goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReplyTo {
    /// The asking session. Others may read the same partition.
    pub(super) asker: Uuid,
    /// The partition of the topic of answers that it reads.
    pub(super) partition: i32,
}

/// The headers that `call` is sent with.
pub(super) fn question(call: &RpcCall, id: Uuid, reply_to: ReplyTo) -> OwnedHeaders {
    let headers = [
        ("method", call.method.clone()),
        ("deadline", call.deadline.to_string()),
        ("correlation_id", id.to_string()),
        ("asker", reply_to.asker.to_string()),
        ("reply_partition", reply_to.partition.to_string()),
    ];
    headers::headers(call.trace, headers)
}

/// The question to `service` that was delivered.
///
/// # Errors
/// What is missing of it.
pub(super) fn call(service: Service, message: &OwnedMessage) -> Result<RpcCall, String> {
    let headers = message.headers();
    Ok(RpcCall {
        service,
        method: headers::text(headers, "method")?.to_owned(),
        deadline: headers::parsed(headers, "deadline")?,
        trace: headers::trace(headers),
        payload: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
    })
}

/// Where the answer to what was delivered goes; `None` if nobody wants one.
pub(super) fn reply_to(message: &OwnedMessage) -> Option<ReplyTo> {
    let asker = headers::parsed(message.headers(), "asker").ok()?;
    let partition = headers::parsed(message.headers(), "reply_partition").ok()?;
    Some(ReplyTo { asker, partition })
}

/// The reply to `asked`: its headers and payload.
pub(super) fn reply(
    asked: &OwnedMessage,
    to: ReplyTo,
    answer: Result<Bytes, RpcError>,
) -> (OwnedHeaders, Bytes) {
    let (outcome, payload) = match answer {
        Ok(answer) => (ANSWER, answer),
        // It is made of text alone, which is always JSON.
        Err(error) => (FAILURE, serde_json::to_vec(&error).unwrap_or_default().into()),
    };
    let correlation_id = headers::text(asked.headers(), "correlation_id").unwrap_or_default();
    let headers = [
        (OUTCOME, outcome.to_owned()),
        ("correlation_id", correlation_id.to_owned()),
        ("asker", to.asker.to_string()),
    ];
    (headers::headers(headers::trace(asked.headers()).child(), headers), payload)
}

/// Whether a reply is for `asker`.
pub(super) fn is_for(reply: &OwnedMessage, asker: Uuid) -> bool {
    headers::parsed(reply.headers(), "asker") == Ok(asker)
}

/// Which question a reply is to.
pub(super) fn replied_to(reply: &OwnedMessage) -> Option<Uuid> {
    headers::parsed(reply.headers(), "correlation_id").ok()
}

/// What a reply says.
///
/// # Errors
/// The failure that it tells of, or [`RpcError::Failed`] if it cannot be read.
pub(super) fn answer(reply: &OwnedMessage) -> Result<Bytes, RpcError> {
    let payload = reply.payload().unwrap_or_default();
    match headers::text(reply.headers(), OUTCOME) {
        Ok(ANSWER) => Ok(Bytes::copy_from_slice(payload)),
        Ok(FAILURE) => Err(serde_json::from_slice(payload).unwrap_or_else(|_| unreadable())),
        _ => Err(unreadable()),
    }
}

fn unreadable() -> RpcError {
    RpcError::Failed("an unreadable reply".to_owned())
}
