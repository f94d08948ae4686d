//! Asking a question.

use std::time::Duration;

use bytes::Bytes;
use tokio::{sync::oneshot, time::timeout};
use uuid::Uuid;

use super::{question_wire, session::Session};
use crate::messaging::{RpcCall, RpcError, calls::NoPlace};

/// Asks `call`, and waits for the answer as long as there is time `left`.
///
/// # Errors
/// [`RpcError`].
pub(super) async fn ask(session: &Session, call: RpcCall, left: Duration) -> Result<Bytes, RpcError> {
    let service = call.service.to_string();
    match timeout(left, ask_without_limit(session, call)).await {
        Ok(answer) => answer,
        Err(_) => Err(RpcError::TimedOut(service)),
    }
}

async fn ask_without_limit(session: &Session, call: RpcCall) -> Result<Bytes, RpcError> {
    let unavailable = || RpcError::Unavailable(call.service.to_string());
    let id = Uuid::new_v4();
    let (_place, mut answer) = session.calls.enter(id).map_err(|no_place| match no_place {
        NoPlace::Full => RpcError::Busy("this instance".to_owned()),
        NoPlace::Over => unavailable(),
    })?;
    let headers = question_wire::question(&call, id, session.reply_to);
    let sent = session.ask(call.service, headers, &call.payload).map_err(|_| unavailable())?;
    let answered = |answer: Result<_, oneshot::error::RecvError>| answer.map_err(|_| unavailable())?;
    tokio::select! {
        biased;
        answer = &mut answer => return answered(answer),
        sent = sent => if !matches!(sent, Ok(Ok(_))) {
            return Err(unavailable());
        },
    }
    answered(answer.await)
}
