//! Questions that were asked over one connection and are not answered yet.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures::StreamExt as _;
use lapin::Consumer;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{end::End, question_wire};
use crate::messaging::RpcError;

/// Questions of one process that wait for their answers at a time.
const MOST: usize = 4_096;

type Waiting = HashMap<Uuid, oneshot::Sender<Result<Bytes, RpcError>>>;

/// Who waits for which answer; `None` once nobody gets one any more.
#[derive(Clone)]
pub(super) struct Calls(Arc<Mutex<Option<Waiting>>>);

/// One question's place among the [`Calls`], which it gives up when it is dropped: a late answer finds nobody.
pub(super) struct Place {
    id: Uuid,
    calls: Calls,
}

/// Why there is no place for another question.
pub(super) enum NoPlace {
    /// Too many wait.
    Full,
    /// The session is over.
    Over,
}

impl Calls {
    /// Nobody waits yet.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Some(Waiting::new()))))
    }

    /// A place for the question `id`, and where its answer comes.
    ///
    /// # Errors
    /// [`NoPlace`].
    pub(super) fn enter(
        &self,
        id: Uuid,
    ) -> Result<(Place, oneshot::Receiver<Result<Bytes, RpcError>>), NoPlace> {
        let mut waiting = self.lock();
        let waiting = waiting.as_mut().ok_or(NoPlace::Over)?;
        if waiting.len() >= MOST {
            return Err(NoPlace::Full);
        }
        let (sender, answer) = oneshot::channel();
        waiting.insert(id, sender);
        Ok((Place { id, calls: self.clone() }, answer))
    }

    /// Hands each reply to whoever waits for it, until `end`; then tells all who still wait, by dropping their senders.
    pub(super) async fn take(self, mut replies: Consumer, end: End) {
        while let Some(reply) = tokio::select! { () = end.wait() => None, reply = replies.next() => reply } {
            match reply {
                Ok(mut reply) => self.answered(&mut reply),
                Err(error) => end.because(error),
            }
        }
        end.because("the queue of replies is gone");
        self.lock().take();
    }

    fn answered(&self, reply: &mut lapin::message::Delivery) {
        let asker = question_wire::replied_to(&reply.properties)
            .and_then(|id| self.lock().as_mut().and_then(|waiting| waiting.remove(&id)));
        match asker {
            Some(asker) => drop(asker.send(question_wire::answer(reply))),
            None => metrics::counter!("rpc_late_replies_total").increment(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(waiting) = self.calls.lock().as_mut() {
            waiting.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_up_when_nobody_waits_any_more() {
        let calls = Calls::new();
        let places: Vec<_> = (0..MOST).map(|_| calls.enter(Uuid::new_v4()).ok().unwrap()).collect();
        assert!(matches!(calls.enter(Uuid::new_v4()), Err(NoPlace::Full)));
        drop(places);
        assert!(calls.enter(Uuid::new_v4()).is_ok());
    }
}
