//! Two services with their databases: shopping places orders, products counts them.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{
    OrderId, ProductId, Service, Timestamp,
    events::{OrderLine, OrderPlaced},
};
use platform::{
    Clock,
    inbox::{self, Consumer, EventRouter, HandlerError, Received},
    messaging::{
        Broker, BrokerError, Delivery, Envelope, MemoryBroker, PublishError, RpcCall, RpcError, RpcRequest,
    },
    outbox::{self, OutboxStore as _, Relay},
    store::{Durability, Migrations, Store, StoreError, StoreUrl, sqlite::Database},
};
use refinery::{Migration, Runner};
use testkit::eventually;
use tokio::{
    runtime::Runtime,
    sync::{Notify, mpsc},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// A service's database. Its effects may repeat: nothing but the inbox stands in the way.
pub struct Peer {
    pub database: Database,
    _folder: tempfile::TempDir,
}

impl Peer {
    pub async fn new(service: Service) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::Sqlite(folder.path().to_owned());
        let schema =
            "CREATE TABLE effect (id INTEGER PRIMARY KEY, order_id BLOB NOT NULL, n INTEGER NOT NULL)";
        let schema = Migration::unapplied("V1__effect", schema).unwrap();
        Store::migrate(
            &url,
            service,
            Migrations { sqlite: Runner::new(&[schema]), postgres: Runner::new(&[]) },
        )
        .await
        .unwrap();
        let path = folder.path().join(format!("{service}.db"));
        Self { database: Database::open(&path, Durability::Normal).unwrap(), _folder: folder }
    }

    /// Places order `order_id` for the `n`-th time: what is checked is how often and in which order that arrives.
    pub async fn place(&self, order_id: OrderId, ns: impl IntoIterator<Item = u32>) {
        let events: Vec<OrderPlaced> = ns.into_iter().map(|n| placed(order_id, n)).collect();
        let enqueue = self.database.write(move |transaction| {
            for event in &events {
                outbox::sqlite::enqueue(transaction, event, Timestamp::now())?;
            }
            Ok(())
        });
        enqueue.await.unwrap();
    }

    /// What took effect, in that order.
    pub async fn effects(&self) -> Vec<(OrderId, u32)> {
        let effects = self.database.read(|connection| {
            let mut rows = connection.prepare("SELECT order_id, n FROM effect ORDER BY id")?;
            let rows = rows.query_map([], |row| Ok((OrderId(row.get(0)?), row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        });
        effects.await.unwrap()
    }

    /// What took effect on one order.
    pub async fn effects_of(&self, order_id: OrderId) -> Vec<u32> {
        let effects = self.effects().await.into_iter();
        effects.filter(|(of, _)| *of == order_id).map(|(_, n)| n).collect()
    }

    /// Waits until the outbox is empty.
    pub async fn drained(&self) {
        eventually("the outbox is drained", || async {
            (self.database.depth().await.unwrap() == 0).then_some(())
        })
        .await;
    }

    /// Waits until so many effects are there, and gives them.
    pub async fn until_effects(&self, count: usize) -> Vec<(OrderId, u32)> {
        eventually(&format!("{count} effects"), || async {
            let effects = self.effects().await;
            (effects.len() >= count).then_some(effects)
        })
        .await
    }
}

pub fn placed(order_id: OrderId, n: u32) -> OrderPlaced {
    OrderPlaced { order_id, lines: vec![OrderLine { product_id: ProductId::new(), quantity: n }] }
}

pub fn memory() -> Arc<dyn Broker> {
    Arc::new(MemoryBroker::new(Clock::system()))
}

/// The effect as it should be: the inbox row first, and the rest in the same transaction.
pub async fn apply(database: &Database, event: OrderPlaced, received: Received) -> Result<(), HandlerError> {
    let apply = database.write(move |transaction| {
        if inbox::sqlite::is_new(transaction, received, Timestamp::now())? {
            record(transaction, &event)?;
        }
        Ok(())
    });
    Ok(apply.await?)
}

pub fn record(connection: &rusqlite::Connection, event: &OrderPlaced) -> Result<(), StoreError> {
    let row = rusqlite::params![event.order_id.0, event.lines[0].quantity];
    connection.execute("INSERT INTO effect (order_id, n) VALUES (?1, ?2)", row)?;
    Ok(())
}

/// Handles orders as products should, but for what `fault` does before.
pub fn router<F, D>(products: &Peer, fault: F) -> EventRouter
where
    F: Fn(u32) -> D + Send + Sync + 'static,
    D: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    let database = products.database.clone();
    EventRouter::new(Service::Products).on(move |event: OrderPlaced, received| {
        let (database, fault) = (database.clone(), fault(event.lines[0].quantity));
        async move {
            fault.await?;
            apply(&database, event, received).await
        }
    })
}

/// Handles orders as products should.
pub fn sound(products: &Peer) -> EventRouter {
    router(products, |_| async { Ok(()) })
}

/// Handles orders as products should, says so, and never settles them.
pub fn unsettling(products: &Peer, applied: &Arc<Notify>) -> EventRouter {
    let (database, applied) = (products.database.clone(), Arc::clone(applied));
    EventRouter::new(Service::Products).on(move |event: OrderPlaced, received| {
        let (database, applied) = (database.clone(), Arc::clone(&applied));
        async move {
            apply(&database, event, received).await?;
            applied.notify_one();
            std::future::pending().await
        }
    })
}

/// A process: what runs in it can be stopped in order, or killed at whatever it waits for.
pub struct Process {
    runtime: Option<Runtime>,
    tasks: TaskTracker,
    pub shutdown: CancellationToken,
}

impl Process {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        Self { runtime: Some(runtime.unwrap()), tasks, shutdown }
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(work, self.runtime.as_ref().unwrap().handle());
    }

    pub fn relay(self, shopping: &Peer, broker: &Arc<dyn Broker>) -> Self {
        let store = Arc::new(shopping.database.clone());
        let relay = Relay::new(store, Arc::clone(broker), Clock::system());
        self.spawn(relay.run(shopping.database.outbox_signal(), self.shutdown.clone()));
        self
    }

    pub fn consume(self, products: &Peer, broker: &Arc<dyn Broker>, router: EventRouter) -> Self {
        let store = Arc::new(products.database.clone());
        let (router, broker) = (Arc::new(router), Arc::clone(broker));
        let consumer = Consumer::new(router, store, broker, Clock::system(), self.shutdown.clone());
        self.spawn(consumer.run());
        self
    }

    pub fn redrive(self, products: &Peer, router: EventRouter) -> Self {
        let store = Arc::new(products.database.clone());
        let redrive = inbox::Redrive { router: Arc::new(router), store, clock: Clock::system() };
        self.spawn(redrive.run(self.shutdown.clone()));
        self
    }

    /// Tells everything to stop, and waits until it has.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.close();
        let stopped = tokio::time::timeout(testkit::wait::PATIENCE, self.tasks.wait()).await;
        stopped.expect("what is told to stop stops");
    }
}

impl Drop for Process {
    /// Kills it: nothing in it runs on behind what it waits for now.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What happens to an event on its way.
#[async_trait]
pub trait Fate: Send + Sync + 'static {
    async fn publish(&self, broker: &dyn Broker, envelope: &Envelope) -> Result<(), PublishError>;
}

/// A broker whose publishing has a fate, and that counts how often it was tried.
pub struct Faulty<F> {
    pub broker: Arc<dyn Broker>,
    pub fate: F,
    pub tries: AtomicU32,
}

impl<F: Fate> Faulty<F> {
    pub fn new(broker: &Arc<dyn Broker>, fate: F) -> Arc<Self> {
        Arc::new(Self { broker: Arc::clone(broker), fate, tries: AtomicU32::new(0) })
    }
}

#[async_trait]
impl<F: Fate> Broker for Faulty<F> {
    async fn publish(&self, envelope: &Envelope) -> Result<(), PublishError> {
        self.tries.fetch_add(1, Ordering::SeqCst);
        self.fate.publish(&*self.broker, envelope).await
    }

    async fn subscribe(
        &self,
        consumer: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<Delivery>, BrokerError> {
        self.broker.subscribe(consumer, window).await
    }

    async fn call(&self, call: RpcCall) -> Result<Bytes, RpcError> {
        self.broker.call(call).await
    }

    async fn serve(
        &self,
        service: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<RpcRequest>, BrokerError> {
        self.broker.serve(service, window).await
    }

    async fn check(&self) -> Result<(), BrokerError> {
        self.broker.check().await
    }
}

/// A number in 0..100 that depends on `seed` and on what it is about, and on nothing else: whatever the threads do, a run
/// of the same seed has the same faults.
pub fn dice(seed: u64, about: Uuid, n: u32, attempt: u32) -> u64 {
    let about = about.as_u128();
    let mut x = seed ^ (about as u64) ^ ((about >> 64) as u64).rotate_left(17);
    x ^= (u64::from(n) << 32) | u64::from(attempt);
    // SplitMix64 (Steele, Lea, Flood 2014).
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) % 100
}
