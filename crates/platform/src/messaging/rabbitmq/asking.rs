//! Asking a question.

use std::time::Duration;

use bytes::Bytes;
use lapin::types::ShortString;
use tokio::{sync::oneshot, time::timeout};
use uuid::Uuid;

use super::{
    publisher::{Outcome, Outgoing},
    question_wire,
    session::Session,
};
use crate::messaging::{RpcCall, RpcError, calls::NoPlace};

/// Asks `call`, and waits for the answer as long as there is time `left`.
///
/// # Errors
/// [`RpcError`].
pub(super) async fn ask(session: &Session, call: RpcCall, left: Duration) -> Result<Bytes, RpcError> {
    let service = call.service.to_string();
    match timeout(left, ask_without_limit(session, call, left)).await {
        Ok(answer) => answer,
        Err(_) => Err(RpcError::TimedOut(service)),
    }
}

async fn ask_without_limit(session: &Session, call: RpcCall, left: Duration) -> Result<Bytes, RpcError> {
    let service = || call.service.to_string();
    let unavailable = || RpcError::Unavailable(service());
    let id = Uuid::new_v4();
    let (_place, mut answer) = session.calls.enter(id).map_err(|no_place| match no_place {
        NoPlace::Full => RpcError::Busy("this instance".to_owned()),
        NoPlace::Over => unavailable(),
    })?;
    let question = Outgoing {
        id,
        exchange: ShortString::default(),
        routing_key: session.names.questions_to(call.service),
        properties: question_wire::question(&call, id, &session.replies, left),
        payload: call.payload.clone(),
    };
    let answered = |answer: Result<_, oneshot::error::RecvError>| answer.map_err(|_| unavailable())?;
    let published = session.questions.publish(question).await;
    tokio::select! {
        biased;
        answer = &mut answer => return answered(answer),
        outcome = published => match outcome {
            // If another question was meant by a return, this one is answered; otherwise its time runs out.
            Ok(Outcome::Confirmed | Outcome::Unclear) => {}
            Ok(Outcome::Refused) => return Err(RpcError::Busy(service())),
            Ok(Outcome::Returned | Outcome::Failed(_)) | Err(_) => return Err(unavailable()),
        },
    }
    answered(answer.await)
}
