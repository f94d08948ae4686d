//! What products says of products. Those who ask while a question is under way share the next one: the busier the shop, the
//! fewer questions there are for each of its shoppers, and nobody's answer is older than their own question.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use contracts::{
    ProductId,
    rpc::{FindProducts, ProductSnapshot},
};
use futures::{FutureExt as _, future::Shared};
use platform::{
    messaging::{RpcClient, RpcError},
    trace::TraceContext,
};
use tokio::sync::{Semaphore, oneshot};

/// How long a question waits for the one before it, so that one that is not answered keeps nobody back.
const GATHER: Duration = Duration::from_millis(2);
/// Products that a question collects before another is begun; one asker alone may ask for more.
const ENOUGH: usize = 200;

type Answer = Result<Arc<Vec<ProductSnapshot>>, RpcError>;
/// What a question is about, until it is asked.
type Ids = Arc<Mutex<Option<BTreeSet<ProductId>>>>;

/// Asks products.
pub(crate) struct Catalogue {
    rpc: RpcClient,
    /// The question that was begun last.
    latest: Mutex<Option<Question>>,
    turn: Arc<Semaphore>,
}

#[derive(Clone)]
struct Question {
    ids: Ids,
    answer: Shared<oneshot::Receiver<Answer>>,
}

impl Catalogue {
    pub(crate) fn new(rpc: RpcClient) -> Self {
        Self { rpc, latest: Mutex::default(), turn: Arc::new(Semaphore::new(1)) }
    }

    /// What products says of `ids`, in no particular order; those it does not know are missing.
    ///
    /// # Errors
    /// [`RpcError`].
    pub(crate) async fn find(&self, ids: &[ProductId]) -> Result<Vec<ProductSnapshot>, RpcError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let stopped = |_| RpcError::Failed("the question was given up".to_owned());
        let found = self.question(ids).answer.await.map_err(stopped)??;
        Ok(found.iter().filter(|product| ids.contains(&product.id)).cloned().collect())
    }

    /// A question that has `ids` in it: the latest if it can still take them, or a new one.
    fn question(&self, ids: &[ProductId]) -> Question {
        let mut latest = lock(&self.latest);
        if let Some(question) = latest.as_ref().filter(|question| question.takes(ids)) {
            return question.clone();
        }
        let (answer, receiver) = oneshot::channel();
        let collected = Ids::new(Mutex::new(Some(ids.iter().copied().collect())));
        // On a task of its own: whoever began the question may leave, and others wait for its answer too.
        let asking = ask(self.rpc.clone(), Arc::clone(&self.turn), Arc::clone(&collected), answer);
        tokio::spawn(TraceContext::current().scope(asking));
        latest.insert(Question { ids: collected, answer: receiver.shared() }).clone()
    }
}

impl Question {
    /// Adds `ids`, unless it was asked already or is about enough.
    fn takes(&self, ids: &[ProductId]) -> bool {
        let mut collected = lock(&self.ids);
        let Some(room) = collected.as_mut().filter(|collected| collected.len() < ENOUGH) else {
            return false;
        };
        room.extend(ids);
        true
    }
}

/// Asks once the question before was answered, or has kept us for long enough.
async fn ask(rpc: RpcClient, turn: Arc<Semaphore>, ids: Ids, answer: oneshot::Sender<Answer>) {
    let turn = tokio::time::timeout(GATHER, turn.acquire()).await;
    let ids = lock(&ids).take().unwrap_or_default().into_iter().collect();
    let found = rpc.ask(&FindProducts { ids }).await.map(|found| Arc::new(found.products));
    drop(turn);
    // All who asked may have left.
    answer.send(found).ok();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
