//! A process is killed, or the broker is.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use contracts::{OrderId, Service, Timestamp};
use lapin::options::QueueDeleteOptions;
use platform::{
    Clock,
    messaging::{Broker, Envelope, PublishError, RpcError},
};
use testkit::{eventually, servers::RabbitMq};
use tokio::time::timeout;

use super::{
    channel, connected,
    world::{Peer, Process, placed, router, sound, unsettling},
};

/// How long after the broker's return publishing may fail.
const BACK: Duration = Duration::from_secs(2);

/// How long something may take that has to happen.
const LIMIT: Duration = Duration::from_secs(30);

/// Publishes until it is confirmed.
async fn published(broker: &Arc<dyn Broker>) {
    let event = Envelope::seal(&placed(OrderId::new(), 0), Timestamp::now());
    while broker.publish(&event).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_under_load_loses_nothing_and_nothing_takes_effect_twice() {
    const ORDERS: u32 = 40;
    const EACH: u32 = 20;
    let mut node = RabbitMq::start().await.unwrap();
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    // A process for each: the relay, and two instances of the consumer.
    let relay = connected(&node.url()).await;
    let (one, other) = (connected(&node.url()).await, connected(&node.url()).await);
    let relaying = Process::start().relay(&shopping, &relay);
    let consuming =
        [&one, &other].map(|broker| Process::start().consume(&products, broker, sound(&products)));

    let orders: Vec<OrderId> = (0..ORDERS).map(|_| OrderId::new()).collect();
    for (round, order) in orders.iter().enumerate() {
        shopping.place(*order, 0..EACH).await;
        if round == 10 {
            products.until_effects(EACH as usize).await;
            node.kill();
        }
    }
    eventually("the outage is seen", || async { relay.check().await.err() }).await;
    node.restart().await.unwrap();
    let back = Instant::now();
    published(&relay).await;
    let took = back.elapsed();
    eprintln!("published {took:?} after the broker's return");
    assert!(took < BACK, "published {took:?} after the broker's return");

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
    let node = RabbitMq::start().await.unwrap();
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
    let met = Arc::new(Mutex::new(BTreeSet::new()));
    let noting = router(&products, {
        let met = Arc::clone(&met);
        move |n| {
            met.lock().unwrap().insert(n);
            async { Ok(()) }
        }
    });
    let process = Process::start().consume(&products, &broker, noting);
    let last = Envelope::seal(&placed(OrderId::new(), EVENTS), Timestamp::now());
    publisher.publish(&last).await.unwrap();
    // The broker may notice only after the last one has come that what the other one had is to come again.
    eventually("each event has come again", || async {
        (met.lock().unwrap().len() > EVENTS as usize).then_some(())
    })
    .await;
    let effects = products.until_effects(EVENTS as usize + 1).await;
    process.stop().await;
    drop(broker);
    // Everything was settled: whoever comes next gets what is published next, and nothing before it.
    let broker = connected(&node.url()).await;
    let mut deliveries = broker.subscribe(Service::Products, 4).await.unwrap();
    let next = Envelope::seal(&placed(OrderId::new(), EVENTS + 1), Timestamp::now());
    publisher.publish(&next).await.unwrap();
    assert_eq!(deliveries.recv().await.unwrap().settle().id, next.id);
    assert_eq!(effects.len(), EVENTS as usize + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_removed_from_the_broker_comes_back() {
    let node = RabbitMq::start().await.unwrap();
    let broker = connected(&node.url()).await;
    let mut deliveries = broker.subscribe(Service::Products, 4).await.unwrap();
    let mut questions = broker.serve(Service::Products, 4).await.unwrap();
    let (_connection, channel) = channel(&node).await;
    for queue in ["events.products", "rpc.products"] {
        channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
    }
    assert!(deliveries.recv().await.is_none(), "the deliveries end");
    assert!(questions.recv().await.is_none(), "the questions end");
    published(&broker).await;
    let mut deliveries = broker.subscribe(Service::Products, 4).await.unwrap();
    assert!(deliveries.recv().await.is_some());

    // Nobody has told the publisher that the queue is gone, so it must not take the broker's word for it.
    drop((deliveries, broker));
    let publisher = connected(&node.url()).await;
    channel.queue_delete("events.products".into(), QueueDeleteOptions::default()).await.unwrap();
    let event = Envelope::seal(&placed(OrderId::new(), 0), Timestamp::now());
    let refused = publisher.publish(&event).await;
    assert!(matches!(refused, Err(PublishError::NoConsumer(Service::Products))), "{refused:?}");
    published(&publisher).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_short_of_memory_says_so_and_still_delivers() {
    let node = RabbitMq::start().await.unwrap();
    let broker = connected(&node.url()).await;
    let event = Envelope::seal(&placed(OrderId::new(), 0), Timestamp::now());
    broker.publish(&event).await.unwrap();
    node.control(&["set_vm_memory_high_watermark", "0"]).await.unwrap();
    let refused = timeout(LIMIT, async { while broker.publish(&event).await.is_ok() {} });
    refused.await.expect("publishing ends without a confirm");
    eventually("it says so", || async { broker.check().await.err() }).await;
    let begun = Instant::now();
    assert!(broker.publish(&event).await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(1), "a blocked broker is not waited for");

    let mut deliveries = broker.subscribe(Service::Products, 4).await.unwrap();
    let delivery = timeout(LIMIT, deliveries.recv()).await.expect("a delivery");
    assert_eq!(delivery.unwrap().settle().id, event.id);
    node.control(&["set_vm_memory_high_watermark", "0.4"]).await.unwrap();
    timeout(LIMIT, published(&broker)).await.expect("publishing works again");
}

#[tokio::test]
async fn without_a_broker_everything_fails_at_once() {
    // Nobody listens on the port for that, "discard".
    let broker = platform::messaging::connect("amqp://nobody:secret@127.0.0.1:9", &Clock::system()).unwrap();
    let begun = Instant::now();
    let event = Envelope::seal(&placed(OrderId::new(), 0), Timestamp::now());
    assert!(matches!(broker.publish(&event).await, Err(PublishError::NotConfirmed(_))));
    let call = platform::messaging::RpcCall {
        service: Service::Products,
        method: "products.nothing".to_owned(),
        payload: b"null".as_slice().into(),
        deadline: Timestamp::now() + Duration::from_secs(60),
        trace: platform::trace::TraceContext::root(),
    };
    assert!(matches!(broker.call(call).await, Err(RpcError::Unavailable(_))));
    let reason = broker.check().await.unwrap_err().to_string();
    assert!(!reason.contains("secret"), "{reason}");
    assert!(broker.subscribe(Service::Products, 1).await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(10));
}
