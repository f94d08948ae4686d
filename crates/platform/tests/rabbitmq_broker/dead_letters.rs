//! What cannot be handled ends where `mercato dead-letters` sees it, and holds up nothing else.

use contracts::{OrderId, Service, Timestamp};
use lapin::{BasicProperties, options::BasicPublishOptions};
use platform::{
    inbox::{DeadLetter, DeadLetterStore as _, HandlerError},
    messaging::Envelope,
};
use testkit::{eventually, servers::RabbitMq};

use super::{
    channel, connected,
    world::{Peer, Process, placed, router},
};

/// The number of an order that cannot be handled.
const POISON: u32 = 13;

async fn letters(products: &Peer, count: usize) -> Vec<DeadLetter> {
    eventually(&format!("{count} dead letters"), || async {
        let letters = products.database.dead_letters(10).await.unwrap();
        (letters.len() >= count).then_some(letters)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poison_becomes_a_dead_letter_and_holds_up_nothing_else() {
    let node = RabbitMq::start().await.unwrap();
    let products = Peer::new(Service::Products).await;
    let broker = connected(&node.url()).await;
    let handles = router(&products, |n| async move {
        if n == POISON { Err(HandlerError::Failed("poison".to_owned())) } else { Ok(()) }
    });
    let process = Process::start().consume(&products, &broker, handles);

    // Three that are no events at all, by three ways, and one that is and cannot be handled.
    let (_connection, channel) = channel(&node).await;
    let raw = |exchange: &str, key: &str, payload: &'static [u8]| {
        let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
        channel.basic_publish(exchange.into(), key.into(), options, payload, properties)
    };
    raw("mercato.events", "order.placed.v1", b"\xff\x00 no JSON").await.unwrap().await.unwrap();
    raw("mercato.dead", "events.products.dead", b"{}").await.unwrap().await.unwrap();
    raw("", "events.products", b"").await.unwrap().await.unwrap();
    let poison = Envelope::seal(&placed(OrderId::new(), POISON), Timestamp::now());
    broker.publish(&poison).await.unwrap();
    for n in 100..120 {
        broker.publish(&Envelope::seal(&placed(OrderId::new(), n), Timestamp::now())).await.unwrap();
    }
    assert_eq!(products.until_effects(20).await.len(), 20);
    let letters = letters(&products, 4).await;
    let malformed: Vec<_> =
        letters.iter().filter(|letter| letter.envelope.event_type == "malformed").collect();
    assert_eq!((letters.len(), malformed.len()), (4, 3));
    assert!(malformed.iter().any(|letter| &letter.envelope.payload[..] == b"\xff\x00 no JSON"));
    assert!(letters.iter().any(|letter| letter.envelope.id == poison.id && letter.error == "poison"));
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_gives_up_still_comes_to_its_consumer() {
    let node = RabbitMq::start().await.unwrap();
    let broker = connected(&node.url()).await;
    let mut deliveries = broker.subscribe(Service::Products, 4).await.unwrap();
    let event = Envelope::seal(&placed(OrderId::new(), 1), Timestamp::now());
    broker.publish(&event).await.unwrap();
    // The broker gives it up after 20 deliveries, and it comes all the same.
    for round in 0..30 {
        let delivery = deliveries.recv().await.unwrap();
        assert_eq!(delivery.envelope.id, event.id, "round {round}");
        drop(delivery);
    }
    assert_eq!(deliveries.recv().await.unwrap().settle(), event);
}
