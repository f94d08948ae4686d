//! Taking the answers to what was asked over one connection.

use futures::StreamExt as _;
use lapin::Consumer;

use super::question_wire;
use crate::messaging::{calls::Calls, end::End};

/// Hands each reply to whoever waits for it, until `end`; then tells all who still wait that none comes.
pub(super) async fn take(mut replies: Consumer, calls: Calls, end: End) {
    while let Some(reply) = tokio::select! { () = end.wait() => None, reply = replies.next() => reply } {
        match reply {
            Ok(mut reply) => {
                calls.answered(
                    question_wire::replied_to(&reply.properties),
                    question_wire::answer(&mut reply),
                );
            }
            Err(error) => end.because(error),
        }
    }
    end.because("the queue of replies is gone");
    calls.end();
}
