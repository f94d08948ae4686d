//! Questions that were asked in one session with a broker and are not answered yet.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::RpcError;

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

    /// Hands the answer to the question `id` to whoever waits for it, if anybody still does.
    pub(super) fn answered(&self, id: Option<Uuid>, answer: Result<Bytes, RpcError>) {
        let asker = id.and_then(|id| self.lock().as_mut().and_then(|waiting| waiting.remove(&id)));
        match asker {
            Some(asker) => drop(asker.send(answer)),
            None => metrics::counter!("rpc_late_replies_total").increment(1),
        }
    }

    /// Tells all who still wait that no answer comes, by dropping their senders; nobody may enter any more.
    pub(super) fn end(&self) {
        self.lock().take();
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
