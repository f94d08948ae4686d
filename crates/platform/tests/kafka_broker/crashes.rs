//! A process is killed, the network fails, or no broker is there.
//!
//! That a broker ends and comes back is in `kafka_failures/outages.rs`: the one here forgets with its end what it was told,
//! topics included, and what it then answers to whoever asks for those ends librdkafka (`docs/messaging.md`).

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use contracts::{OrderId, Service, Timestamp};
use platform::{
    Clock,
    messaging::{Broker, Envelope, PublishError, RpcCall, RpcError},
    trace::TraceContext,
};
use testkit::{
    eventually,
    servers::{Kafka, Lifetime, Weather},
};
use tokio::time::timeout;

use super::{
    connected,
    group::all_is_committed,
    world::{Peer, Process, placed, sound, unsettling},
};

/// How long after the network's return publishing may fail.
const BACK: Duration = Duration::from_secs(5);
/// How long it takes a group to notice that a member is gone that has not said so.
const SESSION: Duration = Duration::from_secs(6);
/// How long something may take that has to happen.
const LIMIT: Duration = Duration::from_secs(30);

/// Publishes until it is confirmed.
async fn published(broker: &Arc<dyn Broker>) {
    let event = Envelope::seal(&placed(OrderId::new(), 0), Timestamp::now());
    eventually("an event is confirmed", || async { broker.publish(&event).await.ok() }).await;
}

fn question(patience: Duration) -> RpcCall {
    RpcCall {
        service: Service::Products,
        method: "products.nothing".to_owned(),
        payload: b"null".as_slice().into(),
        deadline: Timestamp::now() + patience,
        trace: TraceContext::root(),
    }
}

/// The network, and not the broker, since the one that is tested with keeps nothing when it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_fails_under_load_loses_nothing_and_nothing_takes_effect_twice() {
    const ORDERS: u32 = 40;
    const EACH: u32 = 20;
    let home = tempfile::tempdir().unwrap();
    let (_node, proxy) = Kafka::start_behind_proxy(home.path(), Lifetime::WithUs).await.unwrap();
    let url = format!("kafka://127.0.0.1:{}/?partitions=4&replication=1", proxy.port());
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    // A process for each: the relay, and two instances of the consumer.
    let relay = connected(&url).await;
    let (one, other) = (connected(&url).await, connected(&url).await);
    let relaying = Process::start().relay(&shopping, &relay);
    let consuming =
        [&one, &other].map(|broker| Process::start().consume(&products, broker, sound(&products)));

    let orders: Vec<OrderId> = (0..ORDERS).map(|_| OrderId::new()).collect();
    for (round, order) in orders.iter().enumerate() {
        shopping.place(*order, 0..EACH).await;
        match round {
            10 => {
                products.until_effects(EACH as usize).await;
                // What was sent may have arrived; that it has is never heard.
                proxy.turn(Weather::Mute);
                eventually("the outage is seen", || async { relay.check().await.err() }).await;
                proxy.turn(Weather::Clear);
            }
            20 => {
                proxy.turn(Weather::Reset);
                eventually("the outage is seen", || async { relay.check().await.err() }).await;
                proxy.turn(Weather::Clear);
                let back = Instant::now();
                published(&relay).await;
                let took = back.elapsed();
                eprintln!("published {took:?} after the network's return");
                assert!(took < BACK, "published {took:?} after the network's return");
            }
            _ => {}
        }
    }
    shopping.drained().await;
    // The probe's event is one of them.
    let mut effects = products.until_effects((ORDERS * EACH + 1) as usize).await;
    effects.retain(|(order, _)| orders.contains(order));
    let distinct: BTreeSet<_> = effects.iter().map(|(order, n)| (order.0, *n)).collect();
    assert_eq!((effects.len(), distinct.len()), ((ORDERS * EACH) as usize, (ORDERS * EACH) as usize));
    relaying.stop().await;
    for process in consuming {
        process.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_killed_between_effect_and_acknowledgement_has_its_events_applied_once() {
    const EVENTS: u32 = 20;
    let node = Kafka::start().await.unwrap();
    let products = Peer::new(Service::Products).await;
    let publisher = connected(&node.url()).await;
    for n in 0..EVENTS {
        let event = Envelope::seal(&placed(OrderId::new(), n), Timestamp::now());
        publisher.publish(&event).await.unwrap();
    }
    // It applies everything that it is given, and is killed before it can settle any of it.
    let stuck = unsettling(&products, &Arc::default());
    let doomed = connected(&node.url()).await;
    let process = Process::start().consume(&products, &doomed, stuck);
    products.until_effects(EVENTS as usize).await;
    drop((process, doomed));

    let broker = connected(&node.url()).await;
    let process = Process::start().consume(&products, &broker, sound(&products));
    let last = Envelope::seal(&placed(OrderId::new(), EVENTS), Timestamp::now());
    publisher.publish(&last).await.unwrap();
    let effects = products.until_effects(EVENTS as usize + 1).await;
    all_is_committed(&node.address()).await;
    process.stop().await;
    broker.leave().await;
    // Whoever comes next gets what is published next, and nothing before it.
    let broker = connected(&node.url()).await;
    let mut deliveries = broker.subscribe(Service::Products, 4).await.unwrap();
    let next = Envelope::seal(&placed(OrderId::new(), EVENTS + 1), Timestamp::now());
    publisher.publish(&next).await.unwrap();
    assert_eq!(deliveries.recv().await.unwrap().settle().id, next.id);
    assert_eq!(effects.len(), EVENTS as usize + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_leaves_in_good_order_hands_over_at_once() {
    let node = Kafka::start().await.unwrap();
    let (publisher, one, other) =
        (connected(&node.url()).await, connected(&node.url()).await, connected(&node.url()).await);
    let mut first = one.subscribe(Service::Products, 64).await.unwrap();
    let mut second = other.subscribe(Service::Products, 64).await.unwrap();
    eventually("both have partitions", || async {
        (one.check().await.is_ok() && other.check().await.is_ok()).then_some(())
    })
    .await;
    let mut missing = BTreeSet::new();
    for n in 0..40 {
        let event = Envelope::seal(&placed(OrderId::new(), n), Timestamp::now());
        publisher.publish(&event).await.unwrap();
        missing.insert(event.id);
    }
    let held = timeout(LIMIT, first.recv()).await.unwrap().unwrap();
    let begun = Instant::now();
    drop((held, first));
    timeout(LIMIT, one.leave()).await.expect("the group is left");
    while !missing.is_empty() {
        let delivery = timeout(LIMIT, second.recv()).await.expect("the other gets the rest").unwrap();
        missing.remove(&delivery.settle().id);
    }
    let took = begun.elapsed();
    eprintln!("the other had everything after {took:?}");
    assert!(took < SESSION, "the other had everything only after {took:?}");
}

#[tokio::test]
async fn without_a_broker_everything_fails_at_once() {
    // Nobody listens on the port for that, "discard".
    let broker = platform::messaging::connect("kafka://nobody:secret@127.0.0.1:9", &Clock::system()).unwrap();
    let begun = Instant::now();
    let event = Envelope::seal(&placed(OrderId::new(), 0), Timestamp::now());
    assert!(matches!(broker.publish(&event).await, Err(PublishError::NotConfirmed(_))));
    let asked = broker.call(question(Duration::from_secs(60))).await;
    assert!(matches!(asked, Err(RpcError::Unavailable(_))));
    let reason = broker.check().await.unwrap_err().to_string();
    assert!(!reason.contains("secret"), "{reason}");
    assert!(broker.subscribe(Service::Products, 1).await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(10));
}
