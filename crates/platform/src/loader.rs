//! Questions that arrive together are asked together (the pattern called `DataLoader`,
//! <https://github.com/graphql/dataloader>): who asks while a question is under way shares the next one. The busier the shop,
//! the fewer questions there are for each of its shoppers, and nobody's answer is older than their own question.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem::take,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use thiserror::Error;
use tokio::{
    sync::{Semaphore, oneshot},
    task::yield_now,
    time::timeout,
};

use crate::trace::TraceContext;

/// How long a question waits for the one before it, so that one that is not answered keeps nobody back.
const GATHER: Duration = Duration::from_millis(2);
/// How often other tasks that can go on may do so before a question is asked: whoever of them asks shares it.
const YIELDS: u32 = 2;
/// Keys that a question collects before another is begun; one asker alone may ask for more.
const ENOUGH: usize = 200;

type Fetch<K, V, E> = dyn Fn(Vec<K>) -> BoxFuture<'static, Result<BTreeMap<K, V>, E>> + Send + Sync;
type Answer<K, V, E> = Result<Arc<BTreeMap<K, V>>, E>;
/// What a question is about, until it is asked.
type Keys<K> = Arc<Mutex<Option<BTreeSet<K>>>>;

/// Nobody saw to the question any more.
#[derive(Clone, Copy, Debug, Error)]
#[error("the question was given up")]
pub struct GivenUp;

/// Finds values by their keys, for all who ask at the same time.
pub struct Loader<K, V, E> {
    fetch: Arc<Fetch<K, V, E>>,
    /// The question that was begun last.
    latest: Mutex<Option<Question<K, V, E>>>,
    turn: Arc<Semaphore>,
}

struct Question<K, V, E> {
    keys: Keys<K>,
    answer: Shared<oneshot::Receiver<Answer<K, V, E>>>,
}

impl<K, V, E> Loader<K, V, E>
where
    K: Ord + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: From<GivenUp> + Clone + Send + Sync + 'static,
{
    /// A loader that finds values by `fetch`. It is to leave out what there is not, and to come to an end by itself.
    pub fn new<F>(fetch: F) -> Self
    where
        F: Fn(Vec<K>) -> BoxFuture<'static, Result<BTreeMap<K, V>, E>> + Send + Sync + 'static,
    {
        Self { fetch: Arc::new(fetch), latest: Mutex::default(), turn: Arc::new(Semaphore::new(1)) }
    }

    /// The value of `key`, if there is one.
    ///
    /// # Errors
    /// Those of the question that it was a part of.
    pub async fn load(&self, key: K) -> Result<Option<V>, E> {
        let found = self.ask(std::slice::from_ref(&key)).await?;
        Ok(found.get(&key).cloned())
    }

    /// The values of those of `keys` that have one, in their order.
    ///
    /// # Errors
    /// As [`Loader::load`].
    pub async fn load_many(&self, keys: &[K]) -> Result<Vec<V>, E> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.ask(keys).await?;
        Ok(keys.iter().filter_map(|key| found.get(key).cloned()).collect())
    }

    async fn ask(&self, keys: &[K]) -> Answer<K, V, E> {
        let answer = self.question(keys);
        answer.await.map_err(|_| GivenUp)?
    }

    /// The answer to a question that has `keys` in it: to the latest if it can still take them, or to a new one.
    fn question(&self, keys: &[K]) -> Shared<oneshot::Receiver<Answer<K, V, E>>> {
        let mut latest = lock(&self.latest);
        if let Some(question) = latest.as_ref().filter(|question| question.takes(keys)) {
            return question.answer.clone();
        }
        let (sender, receiver) = oneshot::channel();
        let collected = Keys::new(Mutex::new(Some(keys.iter().cloned().collect())));
        // On a task of its own: whoever began the question may leave, and others wait for its answer too.
        let asking = ask(Arc::clone(&self.fetch), Arc::clone(&self.turn), Arc::clone(&collected), sender);
        tokio::spawn(TraceContext::current().scope(asking));
        latest.insert(Question { keys: collected, answer: receiver.shared() }).answer.clone()
    }
}

impl<K: Ord + Clone, V, E> Question<K, V, E> {
    /// Adds `keys`, unless it was asked already or is about enough.
    fn takes(&self, keys: &[K]) -> bool {
        let mut collected = lock(&self.keys);
        let Some(room) = collected.as_mut().filter(|collected| collected.len() < ENOUGH) else {
            return false;
        };
        room.extend(keys.iter().cloned());
        true
    }
}

/// Asks once the question before was answered, or has kept us for long enough.
async fn ask<K, V, E>(
    fetch: Arc<Fetch<K, V, E>>,
    turn: Arc<Semaphore>,
    keys: Keys<K>,
    answer: oneshot::Sender<Answer<K, V, E>>,
) {
    let turn = timeout(GATHER, turn.acquire()).await;
    for _ in 0..YIELDS {
        yield_now().await;
    }
    let keys = take(&mut *lock(&keys)).unwrap_or_default();
    let found = fetch(keys.into_iter().collect()).await;
    drop(turn);
    // All who asked may have left.
    answer.send(found.map(Arc::new)).ok();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
