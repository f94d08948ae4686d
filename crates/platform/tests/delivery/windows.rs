//! What a consumer and a relay hold at a time, when something does not go on.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{Currency, Money, OrderId, Service, Timestamp, events::OrderReserved};
use platform::{
    messaging::{Broker, BrokerError, Delivery, Envelope, PublishError, RpcCall, RpcError, RpcRequest},
    outbox,
};
use testkit::eventually;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::world::{Peer, Process, memory, placed, router, sound};

/// What a consumer takes at a time.
const WINDOW: usize = 256;

/// A broker whose connections break: each subscription delivers some events and ends. The last stays.
#[derive(Default)]
struct Breaking {
    sessions: Mutex<VecDeque<Vec<Envelope>>>,
    subscriptions: AtomicU32,
    settled: Mutex<Vec<oneshot::Receiver<()>>>,
    open: Mutex<Vec<mpsc::Sender<Delivery>>>,
}

impl Breaking {
    fn new(sessions: impl IntoIterator<Item = Vec<Envelope>>) -> Arc<Self> {
        Arc::new(Self { sessions: Mutex::new(sessions.into_iter().collect()), ..Self::default() })
    }

    /// How many deliveries the consumer has, neither settled nor given back.
    fn held(&self) -> usize {
        let mut settled = self.settled.lock().unwrap();
        settled.retain_mut(|it| it.try_recv() == Err(oneshot::error::TryRecvError::Empty));
        settled.len()
    }
}

#[async_trait]
impl Broker for Breaking {
    async fn subscribe(
        &self,
        _consumer: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<Delivery>, BrokerError> {
        self.subscriptions.fetch_add(1, Ordering::SeqCst);
        let (sender, receiver) = mpsc::channel(window);
        let Some(events) = self.sessions.lock().unwrap().pop_front() else {
            self.open.lock().unwrap().push(sender);
            return Ok(receiver);
        };
        for event in events {
            let (delivery, settled) = Delivery::new(event);
            sender.try_send(delivery).unwrap();
            self.settled.lock().unwrap().push(settled);
        }
        Ok(receiver)
    }

    async fn publish(&self, _envelope: &Envelope) -> Result<(), PublishError> {
        unreachable!("nothing is published")
    }

    async fn call(&self, _call: RpcCall) -> Result<Bytes, RpcError> {
        unreachable!("nothing is asked")
    }

    async fn serve(&self, _: Service, _: usize) -> Result<mpsc::Receiver<RpcRequest>, BrokerError> {
        unreachable!("nobody serves")
    }

    async fn check(&self) -> Result<(), BrokerError> {
        Ok(())
    }
}

/// What handlers wait at before they do anything.
struct Gate {
    permits: Arc<Semaphore>,
    begun: Arc<AtomicU32>,
}

impl Gate {
    fn closed() -> Self {
        Self { permits: Arc::new(Semaphore::new(0)), begun: Arc::default() }
    }

    fn open(&self) {
        self.permits.add_permits(1);
    }

    /// How many have come to it.
    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst) as usize
    }

    /// A consumer whose handlers wait here.
    fn consume(&self, products: &Peer, broker: &Arc<Breaking>) -> Process {
        let (permits, begun) = (Arc::clone(&self.permits), Arc::clone(&self.begun));
        let wait = move |_| {
            begun.fetch_add(1, Ordering::SeqCst);
            let permits = Arc::clone(&permits);
            async move {
                drop(permits.acquire().await);
                Ok(())
            }
        };
        let broker = Arc::clone(broker) as Arc<dyn Broker>;
        Process::start().consume(products, &broker, router(products, wait))
    }
}

fn event(order: OrderId, n: u32) -> Envelope {
    Envelope::seal(&placed(order, n), Timestamp::now())
}

#[tokio::test]
async fn a_consumer_holds_no_more_for_connections_that_break_while_its_handlers_wait() {
    let products = Peer::new(Service::Products).await;
    let sessions = (0..8).map(|_| (0..256).map(|n| event(OrderId::new(), n)).collect());
    let (broker, gate) = (Breaking::new(sessions), Gate::closed());
    let process = gate.consume(&products, &broker);
    eventually("its hands are full", || async { (gate.begun() >= WINDOW).then_some(()) }).await;
    // Time for some more subscriptions, if it made them.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(gate.begun(), WINDOW);
    assert!(broker.held() <= 2 * WINDOW, "{} are held", broker.held());
    gate.open();
    assert_eq!(products.until_effects(8 * WINDOW).await.len(), 8 * WINDOW);
    process.stop().await;
}

#[tokio::test]
async fn what_waits_behind_another_is_given_back_when_its_connection_breaks() {
    let products = Peer::new(Service::Products).await;
    let order = OrderId::new();
    let events: Vec<_> = (1..=3).map(|n| event(order, n)).collect();
    let (broker, gate) = (Breaking::new([events.clone(), events]), Gate::closed());
    let process = gate.consume(&products, &broker);
    eventually("the second connection breaks", || async {
        (broker.subscriptions.load(Ordering::SeqCst) == 3).then_some(())
    })
    .await;
    assert_eq!(broker.held(), 1, "the first, which is being handled");
    gate.open();
    eventually("it is settled", || async { (broker.held() == 0).then_some(()) }).await;
    assert_eq!(products.effects_of(order).await, [1]);
    process.stop().await;
}

#[tokio::test]
async fn a_consumer_that_settles_nothing_holds_up_no_events_of_others() {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let broker = memory();
    let mut payment = broker.subscribe(Service::Payment, WINDOW).await.unwrap();
    let write = shopping.database.write(|transaction| {
        for _ in 0..4 * WINDOW {
            let event = OrderReserved {
                order_id: OrderId::new(),
                total: Money::new(1, Currency::EUR),
                payment_token: "tok_ok".to_owned(),
            };
            outbox::sqlite::enqueue(transaction, &event, Timestamp::now())?;
        }
        Ok(())
    });
    write.await.unwrap();
    let _process = Process::start().consume(&products, &broker, sound(&products)).relay(&shopping, &broker);
    let mut held = Vec::new();
    while held.len() < WINDOW {
        held.push(payment.recv().await.unwrap());
    }
    let order = OrderId::new();
    shopping.place(order, [1]).await;
    products.until_effects(1).await;
    // All of it arrives once payment goes on.
    held.drain(..).for_each(|delivery| drop(delivery.settle()));
    tokio::spawn(async move {
        while let Some(delivery) = payment.recv().await {
            delivery.settle();
        }
    });
    shopping.drained().await;
}
