//! Published rows are deleted beside the publishing of others, however long that takes and whether or not it works.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use contracts::{OrderId, Timestamp, events::OrderPlaced};
use platform::{
    Clock,
    messaging::{Broker, Envelope, PublishError},
    outbox::{OutboxRow, OutboxStore, Relay},
    store::StoreError,
};
use testkit::eventually;
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinHandle,
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::world::{Fate, Faulty, memory, placed};

/// An outbox whose rows are deleted when it is let, if at all.
struct Outbox {
    rows: Mutex<Vec<OutboxRow>>,
    /// How often rows may be deleted.
    deletions: Semaphore,
    refuses: AtomicBool,
    tries: AtomicUsize,
}

impl Outbox {
    fn new(deletions: usize) -> Arc<Self> {
        let deletions = Semaphore::new(deletions);
        Arc::new(Self {
            rows: Mutex::default(),
            deletions,
            refuses: AtomicBool::new(false),
            tries: AtomicUsize::new(0),
        })
    }

    fn add(&self, order: OrderId, n: u32) {
        let envelope = Ok(Envelope::seal(&placed(order, n), Timestamp::now()));
        self.rows.lock().unwrap().push(OutboxRow { id: i64::from(n), aggregate: order.0, envelope });
    }
}

#[async_trait]
impl OutboxStore for Outbox {
    async fn hold(&self, _now: Timestamp, _ttl: Duration) -> Result<(), StoreError> {
        Ok(())
    }

    async fn release(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn fetch(&self, after: i64, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let rows = self.rows.lock().unwrap();
        Ok(rows.iter().filter(|row| row.id > after).take(limit as usize).cloned().collect())
    }

    async fn delete(&self, ids: &[i64]) -> Result<(), StoreError> {
        self.tries.fetch_add(1, Ordering::Relaxed);
        // It takes a moment, so that tries without a rest between them come to an end, too.
        sleep(Duration::from_millis(1)).await;
        if self.refuses.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("it refuses".to_owned()));
        }
        self.deletions.acquire().await.unwrap().forget();
        self.rows.lock().unwrap().retain(|row| !ids.contains(&row.id));
        Ok(())
    }

    async fn depth(&self) -> Result<u64, StoreError> {
        Ok(self.rows.lock().unwrap().len() as u64)
    }

    async fn oldest(&self) -> Result<Option<Uuid>, StoreError> {
        unreachable!("no relay asks")
    }
}

/// Takes every event, and notes its number.
#[derive(Default)]
struct Noting(Arc<Mutex<Vec<u32>>>);

#[async_trait]
impl Fate for Noting {
    async fn publish(&self, _: &dyn Broker, envelope: &Envelope) -> Result<(), PublishError> {
        self.0.lock().unwrap().push(envelope.open::<OrderPlaced>().unwrap().lines[0].quantity);
        Ok(())
    }
}

/// A relay at work.
struct Running {
    taken: Arc<Mutex<Vec<u32>>>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn relay(outbox: &Arc<Outbox>) -> Self {
        let noting = Noting::default();
        let taken = Arc::clone(&noting.0);
        let relay = Relay::new(Arc::clone(outbox) as _, Faulty::new(&memory(), noting), Clock::system());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(relay.run(Arc::new(Notify::new()), shutdown.clone()));
        Self { taken, shutdown, task }
    }

    async fn has_taken(&self, expected: &[u32]) {
        eventually("they are published", || async {
            (*self.taken.lock().unwrap() == expected).then_some(())
        })
        .await;
    }

    async fn stop(self) -> Vec<u32> {
        self.shutdown.cancel();
        self.task.await.unwrap();
        self.taken.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn publishing_goes_on_while_rows_are_deleted() {
    let outbox = Outbox::new(0);
    let relay = Running::relay(&outbox);
    let first = OrderId::new();
    outbox.add(first, 1);
    relay.has_taken(&[1]).await;
    outbox.add(OrderId::new(), 2);
    // Of the same order as the one that is being deleted: it waits, so that it cannot come before.
    outbox.add(first, 3);
    relay.has_taken(&[1, 2]).await;
    sleep(Duration::from_secs(1)).await;
    relay.has_taken(&[1, 2]).await;
    outbox.deletions.add_permits(10);
    eventually("all are gone", || async { (outbox.depth().await.unwrap() == 0).then_some(()) }).await;
    assert_eq!(relay.stop().await, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_deleted_is_tried_again_now_and_then_and_published_once() {
    let outbox = Outbox::new(10);
    outbox.refuses.store(true, Ordering::Relaxed);
    let relay = Running::relay(&outbox);
    let order = OrderId::new();
    outbox.add(order, 1);
    relay.has_taken(&[1]).await;
    // It waits for the first: no reason to try more often.
    outbox.add(order, 2);
    sleep(Duration::from_secs(1)).await;
    let tries = outbox.tries.load(Ordering::Relaxed);
    assert!((5..=12).contains(&tries), "{tries} tries in a second");
    outbox.refuses.store(false, Ordering::Relaxed);
    eventually("all are gone", || async { (outbox.depth().await.unwrap() == 0).then_some(()) }).await;
    assert_eq!(relay.stop().await, [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn what_is_confirmed_at_about_the_same_time_is_deleted_together_and_before_the_end() {
    let outbox = Outbox::new(10);
    (1..=50).for_each(|n| outbox.add(OrderId::new(), n));
    let relay = Running::relay(&outbox);
    relay.has_taken(&(1..=50).collect::<Vec<_>>()).await;
    relay.stop().await;
    assert_eq!((outbox.depth().await.unwrap(), outbox.tries.load(Ordering::Relaxed)), (0, 1));
}
