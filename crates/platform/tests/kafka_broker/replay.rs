//! What the broker keeps is delivered again.

use std::time::Duration;

use contracts::{OrderId, Service, Timestamp};
use platform::messaging::{Envelope, replay};
use testkit::{eventually, servers::Kafka};

use super::{
    connected,
    group::all_is_committed,
    world::{Peer, Process, placed, sound},
};

const EVENTS: u32 = 20;

/// Asks for a replay until the group that has just been left lets itself be set back.
async fn replayed(url: &str, since: Timestamp) -> u64 {
    eventually("events are to be delivered again", || async {
        replay(url, Service::Products, since).await.inspect_err(|error| eprintln!("{error}")).ok()
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replayed_events_come_again_and_take_effect_once() {
    let node = Kafka::start().await.unwrap();
    let products = Peer::new(Service::Products).await;
    let begun = Timestamp::now();
    let publisher = connected(&node.url()).await;
    for n in 0..EVENTS {
        publisher.publish(&Envelope::seal(&placed(OrderId::new(), n), Timestamp::now())).await.unwrap();
    }
    let consumer = connected(&node.url()).await;
    let process = Process::start().consume(&products, &consumer, sound(&products));
    products.until_effects(EVENTS as usize).await;
    // A service that runs would go on from where it is.
    let refused = replay(&node.url(), Service::Products, begun).await.unwrap_err().to_string();
    assert!(refused.contains("products is running"), "{refused}");
    all_is_committed(&node.address()).await;
    process.stop().await;
    consumer.leave().await;

    // The whole history comes again to a service that has lost its database, the other way to say: a new consumer.
    assert_eq!(replayed(&node.url(), begun).await, u64::from(EVENTS));
    let restored = Peer::new(Service::Products).await;
    let consumer = connected(&node.url()).await;
    let process = Process::start().consume(&restored, &consumer, sound(&restored));
    assert_eq!(restored.until_effects(EVENTS as usize).await.len(), EVENTS as usize);
    all_is_committed(&node.address()).await;
    process.stop().await;
    consumer.leave().await;

    // Again, to the one that has applied them all, with one more that it has not.
    assert_eq!(replayed(&node.url(), begun).await, u64::from(EVENTS));
    let last = OrderId::new();
    publisher.publish(&Envelope::seal(&placed(last, EVENTS), Timestamp::now())).await.unwrap();
    let consumer = connected(&node.url()).await;
    let process = Process::start().consume(&products, &consumer, sound(&products));
    eventually("the new one takes effect", || async {
        (!products.effects_of(last).await.is_empty()).then_some(())
    })
    .await;
    // All that was replayed has been settled, so that nothing is left to come.
    all_is_committed(&node.address()).await;
    process.stop().await;
    consumer.leave().await;
    let consumer = connected(&node.url()).await;
    let mut deliveries = consumer.subscribe(Service::Products, 4).await.unwrap();
    let next = Envelope::seal(&placed(OrderId::new(), 0), Timestamp::now());
    publisher.publish(&next).await.unwrap();
    assert_eq!(deliveries.recv().await.unwrap().settle().id, next.id);
    assert_eq!(products.effects().await.len(), EVENTS as usize + 1, "nothing took effect twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_was_published_since_comes_again() {
    let node = Kafka::start().await.unwrap();
    // One partition: where nothing was published since, the broker that is tested with names the first offset, and not, as
    // Apache Kafka does, none. More than was asked for then comes again, and is dropped.
    let url = node.url().replace("partitions=4", "partitions=1");
    let products = Peer::new(Service::Products).await;
    let publisher = connected(&url).await;
    for n in 0..EVENTS {
        publisher.publish(&Envelope::seal(&placed(OrderId::new(), n), Timestamp::now())).await.unwrap();
    }
    let consumer = connected(&url).await;
    let process = Process::start().consume(&products, &consumer, sound(&products));
    products.until_effects(EVENTS as usize).await;
    // Kafka's clock has milliseconds.
    let since = Timestamp::now() + Duration::from_millis(2);
    eventually("that time has come", || async { (Timestamp::now() > since).then_some(()) }).await;
    publisher.publish(&Envelope::seal(&placed(OrderId::new(), EVENTS), Timestamp::now())).await.unwrap();
    products.until_effects(EVENTS as usize + 1).await;
    all_is_committed(&node.address()).await;
    process.stop().await;
    consumer.leave().await;
    assert_eq!(replayed(&url, since).await, 1);
}

/// One that has never been there needs no replay: what is retained is all for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_consumer_is_fed_from_what_is_retained() {
    let node = Kafka::start().await.unwrap();
    let publisher = connected(&node.url()).await;
    let (products, begun) = (Peer::new(Service::Products).await, Timestamp::now());
    for n in 0..EVENTS {
        publisher.publish(&Envelope::seal(&placed(OrderId::new(), n), Timestamp::now())).await.unwrap();
    }
    assert_eq!(replay(&node.url(), Service::Products, begun).await.unwrap(), 0, "all of it is still to come");
    let consumer = connected(&node.url()).await;
    let process = Process::start().consume(&products, &consumer, sound(&products));
    assert_eq!(products.until_effects(EVENTS as usize).await.len(), EVENTS as usize);
    process.stop().await;
    let nothing = replay(&node.url(), Service::Customer, begun).await.unwrap_err().to_string();
    assert!(nothing.contains("consumes no events"), "{nothing}");
}

#[tokio::test]
async fn a_replay_without_a_broker_says_so() {
    // Nobody listens on the port for that, "discard".
    let url = "kafka://shop:secret@127.0.0.1:9";
    let refused = replay(url, Service::Products, Timestamp::now()).await.unwrap_err().to_string();
    assert!(refused.contains("brokers are down") && !refused.contains("secret"), "{refused}");
}
