//! The order within an aggregate, though publishing fails.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use contracts::{OrderId, Service, Timestamp, events::OrderPlaced};
use platform::{
    Clock,
    messaging::{Broker, Envelope, PublishError},
    outbox::{OutboxRow, OutboxStore, Relay},
    store::StoreError,
};
use testkit::eventually;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::world::{Fate, Faulty, Peer, Process, dice, memory, placed, sound};

/// Loses a third of what is published, and a tenth of the confirmations.
struct Lossy {
    seed: u64,
    attempts: Mutex<HashMap<Uuid, u32>>,
}

#[async_trait]
impl Fate for Lossy {
    async fn publish(&self, broker: &dyn Broker, envelope: &Envelope) -> Result<(), PublishError> {
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap();
            let attempt = attempts.entry(envelope.id).or_insert(0);
            *attempt += 1;
            *attempt
        };
        let n = envelope.open::<OrderPlaced>().unwrap().lines[0].quantity;
        let lost = PublishError::NotConfirmed("lost".to_owned());
        match dice(self.seed, Uuid::nil(), n, attempt) {
            0..33 => Err(lost),
            33..43 => broker.publish(envelope).await.and(Err(lost)),
            _ => broker.publish(envelope).await,
        }
    }
}

#[tokio::test]
async fn a_failed_publication_holds_back_the_later_ones_of_its_aggregate() {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let lossy = Lossy { seed: 7, attempts: Mutex::default() };
    let broker: Arc<dyn Broker> = Faulty::new(&memory(), lossy);
    let orders: Vec<OrderId> = (0..20).map(|_| OrderId::new()).collect();
    for n in 1..=6 {
        for (place, order) in (0_u32..).zip(&orders) {
            shopping.place(*order, [place * 100 + n]).await;
        }
    }
    let _process = Process::start().consume(&products, &broker, sound(&products)).relay(&shopping, &broker);
    shopping.drained().await;
    for (place, order) in (0_u32..).zip(orders) {
        let expected: Vec<u32> = (1..=6).map(|n| place * 100 + n).collect();
        assert_eq!(products.effects_of(order).await, expected);
    }
}

/// An outbox in memory: time can be made to stand still around it.
struct Rows(Mutex<Vec<OutboxRow>>);

#[async_trait]
impl OutboxStore for Rows {
    async fn hold(&self, _now: Timestamp, _ttl: Duration) -> Result<(), StoreError> {
        Ok(())
    }

    async fn release(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn fetch(&self, after: i64, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let rows = self.0.lock().unwrap();
        Ok(rows.iter().filter(|row| row.id > after).take(limit as usize).cloned().collect())
    }

    async fn delete(&self, ids: &[i64]) -> Result<(), StoreError> {
        self.0.lock().unwrap().retain(|row| !ids.contains(&row.id));
        Ok(())
    }

    async fn depth(&self) -> Result<u64, StoreError> {
        Ok(self.0.lock().unwrap().len() as u64)
    }

    async fn oldest(&self) -> Result<Option<Uuid>, StoreError> {
        unreachable!("no relay asks")
    }
}

/// Takes 300 ms for each event, notes what it took, and refuses the very first.
#[derive(Default)]
struct Slow {
    taken: Arc<Mutex<Vec<Envelope>>>,
    refused: Mutex<bool>,
}

#[async_trait]
impl Fate for Slow {
    async fn publish(&self, _: &dyn Broker, envelope: &Envelope) -> Result<(), PublishError> {
        if !std::mem::replace(&mut *self.refused.lock().unwrap(), true) {
            return Err(PublishError::NotConfirmed("refused".to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.taken.lock().unwrap().push(envelope.clone());
        Ok(())
    }
}

/// The relay reads a long outbox in parts. An aggregate whose first event fails in one part, and whose rest is over before
/// the part with its second event is read, must not go on with the second.
#[tokio::test(start_paused = true)]
async fn a_failed_publication_holds_back_later_parts_of_a_long_outbox() {
    let refused = OrderId::new();
    // So many others that the window is full all the while.
    let mut orders: Vec<OrderId> = vec![refused];
    orders.extend((0..1_000).map(|_| OrderId::new()));
    orders.push(refused);
    let rows = (1_i64..).zip(orders.iter()).map(|(id, order)| OutboxRow {
        id,
        aggregate: order.0,
        envelope: Ok(Envelope::seal(&placed(*order, u32::try_from(id).unwrap()), Timestamp::now())),
    });
    let outbox = Arc::new(Rows(Mutex::new(rows.collect())));
    let slow = Slow::default();
    let taken = Arc::clone(&slow.taken);
    let broker = Faulty::new(&memory(), slow);
    let relay = Relay::new(outbox.clone(), broker, Clock::system());
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(relay.run(Arc::new(Notify::new()), shutdown.clone()));
    eventually("all are published", || async { (outbox.depth().await.unwrap() == 0).then_some(()) }).await;
    shutdown.cancel();
    running.await.unwrap();
    let mut latest: HashMap<Uuid, u32> = HashMap::new();
    for envelope in taken.lock().unwrap().iter() {
        let n = envelope.open::<OrderPlaced>().unwrap().lines[0].quantity;
        let before = latest.insert(envelope.aggregate, n).unwrap_or(0);
        assert!(n > before, "row {n} was published after row {before} of the same order");
    }
    assert_eq!(latest.len(), 1_001);
}
