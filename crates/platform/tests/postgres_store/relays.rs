//! Two processes with a relay each, on one database, of which one takes over what the other has. An event may be published
//! twice, but none is lost, and what was told of an order is first told in order.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use contracts::{OrderId, Timestamp, events::OrderPlaced};
use platform::{
    Clock,
    messaging::{Broker, Envelope, PublishError},
    outbox::{OutboxStore as _, Relay},
};
use testkit::{
    conformance::messaging_store::{Action, MessagingStoreHarness as _},
    eventually,
};
use tokio::{sync::watch, task::JoinHandle};
use tokio_postgres::types::ToSql;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::{
    Postgres,
    world::{Fate, Faulty, memory, placed},
};

const NOON: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
/// How long a relay holds its rows without a sign of life.
const TTL: Duration = Duration::from_secs(6);
/// Later than that.
const LATER: Duration = Duration::from_secs(10);

/// What the broker took, in that order.
type Taken = Arc<Mutex<Vec<Envelope>>>;

/// What was told of each order, each thing when it was first told.
fn told(taken: &Taken) -> HashMap<OrderId, Vec<u32>> {
    let mut told: HashMap<OrderId, Vec<u32>> = HashMap::new();
    for envelope in taken.lock().unwrap().iter() {
        let n = envelope.open::<OrderPlaced>().unwrap().lines[0].quantity;
        let of_order = told.entry(OrderId(envelope.aggregate)).or_default();
        if !of_order.contains(&n) {
            of_order.push(n);
        }
    }
    told
}

/// Runs a relay as `process`, whose clock stands at `now`, until the guard is dropped.
fn relay<F: Fate>(process: &Postgres, fate: F, now: Timestamp) -> (JoinHandle<()>, DropGuard) {
    let broker = Faulty::new(&memory(), fate);
    let relay = Relay::new(process.store.messaging(), broker, Clock::manual(now));
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(relay.run(process.store.outbox_signal(), shutdown.clone()));
    (running, shutdown.drop_guard())
}

async fn write(process: &Postgres, order: OrderId, ns: impl IntoIterator<Item = u32>) {
    let actions = ns.into_iter().map(|n| Action::Enqueue(placed(order, n), NOON)).collect();
    process.commit(actions).await.unwrap();
}

async fn drained(process: &Postgres) {
    eventually("the outbox is drained", || async {
        (process.database.depth().await.unwrap() == 0).then_some(())
    })
    .await;
}

/// Ids are handed out before the commit. What was written first and committed late must not be overtaken by the next event of
/// its aggregate, though the relay's look at the outbox has passed its place.
#[tokio::test]
async fn an_event_behind_the_cursor_keeps_back_its_aggregate() {
    let process = Postgres::fresh().await;
    let (late, other) = (OrderId::new(), OrderId::new());
    process.database.hold(NOON, TTL).await.unwrap();
    let mut connection = process.database.connection().await.unwrap();
    let transaction = connection.begin();
    // Entered before other statements of its transaction, and not with the commit, as events are.
    let event = Envelope::seal(&placed(late, 1), NOON);
    let enter = "INSERT INTO outbox
            (relay, message_id, aggregate, event_type, source, occurred_at, traceparent, payload)
         SELECT relay, $1, $2, $3, $4, now(), $5, $6 FROM outbox_relay";
    let (source, trace, payload) = (event.source.name(), event.trace.to_string(), &event.payload[..]);
    let values: [&(dyn ToSql + Sync); 6] =
        [&event.id, &event.aggregate, &event.event_type, &source, &trace, &payload];
    transaction.execute(enter, &values).await.unwrap();
    write(&process, other, [2]).await;
    let seen = process.database.fetch(0, 10).await.unwrap();
    assert_eq!(seen.iter().map(|row| row.aggregate).collect::<Vec<_>>(), [other.0]);

    transaction.commit().await.unwrap();
    write(&process, late, [3]).await;
    write(&process, OrderId::new(), [4]).await;
    let behind = process.database.fetch(seen[0].id, 10).await.unwrap();
    assert!(behind.len() == 1 && behind[0].aggregate != late.0, "{behind:?}");
    let rows = process.database.fetch(0, 10).await.unwrap();
    let of_late = rows.iter().filter(|row| row.aggregate == late.0);
    assert_eq!(of_late.map(|row| row.id).collect::<Vec<_>>(), [seen[0].id - 1, seen[0].id + 1]);
}

/// Stands still before it publishes anything, until it is let go.
struct Paused {
    taken: Taken,
    /// Whether it has come here, and whether it may go on.
    here: watch::Sender<bool>,
    go: watch::Receiver<bool>,
}

#[async_trait]
impl Fate for Paused {
    async fn publish(&self, _: &dyn Broker, envelope: &Envelope) -> Result<(), PublishError> {
        self.here.send_replace(true);
        self.go.clone().wait_for(|go| *go).await.unwrap();
        self.taken.lock().unwrap().push(envelope.clone());
        Ok(())
    }
}

/// Takes everything.
struct Sound(Taken);

#[async_trait]
impl Fate for Sound {
    async fn publish(&self, _: &dyn Broker, envelope: &Envelope) -> Result<(), PublishError> {
        self.0.lock().unwrap().push(envelope.clone());
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_comes_back_after_its_time_repeats_events_and_reorders_none() {
    let first = Postgres::fresh().await;
    let second = first.another_process().await.unwrap();
    let (taken, order) = (Taken::default(), OrderId::new());
    let (go, may_go) = watch::channel(false);
    let (here, mut is_here) = watch::channel(false);
    write(&first, order, 1..=3).await;
    let paused = relay(&first, Paused { taken: Arc::clone(&taken), here, go: may_go }, NOON);
    is_here.wait_for(|here| *here).await.unwrap();

    let other = relay(&second, Sound(Arc::clone(&taken)), NOON + LATER);
    drained(&first).await;
    write(&second, order, [4]).await;
    drained(&first).await;
    assert_eq!(told(&taken)[&order], [1, 2, 3, 4]);

    go.send_replace(true);
    eventually("it repeats what it had read", || async { (taken.lock().unwrap().len() == 7).then_some(()) })
        .await;
    write(&first, order, [5]).await;
    drained(&first).await;
    assert_eq!(told(&taken)[&order], [1, 2, 3, 4, 5]);
    for (running, stop) in [paused, other] {
        drop(stop);
        running.await.unwrap();
    }
}

/// Of eight events it refuses one, publishes one though it is not confirmed, and stands still before two, until rows have
/// changed hands again.
struct Unsteady {
    taken: Taken,
    /// Which events this relay published.
    published: Arc<Mutex<HashSet<Uuid>>>,
    tries: AtomicU64,
    /// How often rows have changed hands.
    rounds: watch::Receiver<u64>,
}

impl Unsteady {
    fn new(taken: &Taken, rounds: &watch::Sender<u64>) -> Self {
        let (published, tries) = (Arc::default(), AtomicU64::new(0));
        Self { taken: Arc::clone(taken), published, tries, rounds: rounds.subscribe() }
    }
}

#[async_trait]
impl Fate for Unsteady {
    async fn publish(&self, _: &dyn Broker, envelope: &Envelope) -> Result<(), PublishError> {
        let failed = || Err(PublishError::NotConfirmed("as was asked".to_owned()));
        let fate = self.tries.fetch_add(1, Ordering::SeqCst) % 8;
        if fate == 1 {
            return failed();
        }
        if fate == 3 || fate == 4 {
            let mut rounds = self.rounds.clone();
            let next = rounds.borrow().saturating_add(fate);
            rounds.wait_for(|round| *round >= next).await.unwrap();
        }
        self.taken.lock().unwrap().push(envelope.clone());
        self.published.lock().unwrap().insert(envelope.id);
        if fate == 6 { failed() } else { Ok(()) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relays_that_take_over_from_each_other_all_the_time_reorder_nothing() {
    const ORDERS: usize = 12;
    const EACH: u32 = 20;
    const ROUNDS: u32 = 400;
    let processes = {
        let first = Postgres::fresh().await;
        let second = first.another_process().await.unwrap();
        [first, second]
    };
    let (taken, rounds) = (Taken::default(), watch::Sender::new(0));
    let fates = [Unsteady::new(&taken, &rounds), Unsteady::new(&taken, &rounds)];
    let published = fates.each_ref().map(|fate| Arc::clone(&fate.published));
    let [one, other] = fates;
    let relays = [relay(&processes[0], one, NOON), relay(&processes[1], other, NOON)];
    let orders: Vec<OrderId> = (0..ORDERS).map(|_| OrderId::new()).collect();
    // One event of an order after the other, as the lock on an order sees to, by either process.
    let writing = async {
        for n in 1..=EACH {
            for (place, order) in (0..).zip(&orders) {
                write(&processes[(n as usize + place) % 2], *order, [n]).await;
            }
        }
    };
    let taking_over = async {
        for round in 1..=ROUNDS {
            let thief = &processes[round as usize % 2].database;
            thief.hold(NOON + LATER * round, TTL).await.unwrap();
            rounds.send_replace(u64::from(round));
        }
        rounds.send_replace(u64::MAX);
    };
    tokio::join!(writing, taking_over);
    drained(&processes[0]).await;
    for (running, stop) in relays {
        drop(stop);
        running.await.unwrap();
    }
    let told = told(&taken);
    for order in &orders {
        assert_eq!(told[order], (1..=EACH).collect::<Vec<_>>());
    }
    let [one, other] = published.map(|by_one| by_one.lock().unwrap().clone());
    assert!(!one.is_disjoint(&other), "no event was published by both: the relays were not disturbed");
}
