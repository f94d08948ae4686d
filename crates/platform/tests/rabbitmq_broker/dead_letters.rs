//! What cannot be handled ends where `mercato dead-letters` sees it, and holds up nothing else.

use std::{future::pending, sync::Arc};

use contracts::{OrderId, Service, Timestamp};
use lapin::{BasicProperties, options::BasicPublishOptions};
use platform::{
    inbox::{DeadLetter, DeadLetterStore as _, EventRouter, HandlerError, MAX_ATTEMPTS},
    messaging::Envelope,
};
use testkit::{eventually, servers::RabbitMq};
use tokio::sync::Notify;

use super::{
    channel, connected,
    world::{Peer, Process, placed, router, sound},
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
    // The broker gives it up after 20 deliveries more than the first, and it comes all the same, and says so.
    for round in 0..30 {
        let delivery = deliveries.recv().await.unwrap();
        assert_eq!(delivery.envelope.id, event.id, "round {round}");
        assert_eq!(delivery.given_up, round > 20, "round {round}");
        drop(delivery);
    }
    assert_eq!(deliveries.recv().await.unwrap().settle(), event);
}

/// Handles orders as products should, but for poison, which ends the process.
fn mortal(products: &Peer, ended: &Arc<Notify>) -> EventRouter {
    let ended = Arc::clone(ended);
    router(products, move |n| {
        let ended = Arc::clone(&ended);
        async move {
            if n == POISON {
                ended.notify_one();
                pending().await
            } else {
                Ok(())
            }
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_ends_its_process_each_time_becomes_a_dead_letter_and_its_neighbours_do_not() {
    const NEIGHBOURS: u32 = 5;
    let node = RabbitMq::start().await.unwrap();
    let products = Peer::new(Service::Products).await;
    let publisher = connected(&node.url()).await;
    for n in 0..NEIGHBOURS {
        publisher.publish(&Envelope::seal(&placed(OrderId::new(), n), Timestamp::now())).await.unwrap();
    }
    let poison = Envelope::seal(&placed(OrderId::new(), POISON), Timestamp::now());
    publisher.publish(&poison).await.unwrap();

    // It ends the process so soon that no neighbour is handled either, and all of them are given up together.
    loop {
        let broker = connected(&node.url()).await;
        let mut deliveries = broker.subscribe(Service::Products, 8).await.unwrap();
        let mut held = vec![deliveries.recv().await.unwrap()];
        if held[0].given_up {
            break;
        }
        for _ in 0..NEIGHBOURS {
            held.push(deliveries.recv().await.unwrap());
        }
        drop((broker, held));
    }

    let (ended, mut ends) = (Arc::new(Notify::new()), 0);
    loop {
        let broker = connected(&node.url()).await;
        let process = Process::start().consume(&products, &broker, mortal(&products, &ended));
        tokio::select! {
            () = ended.notified() => {
                ends += 1;
                assert!(ends <= MAX_ATTEMPTS, "it is tried again and again");
            }
            _ = letters(&products, 1) => {
                products.until_effects(NEIGHBOURS as usize).await;
                process.stop().await;
                break;
            }
        }
    }
    assert_eq!(ends, MAX_ATTEMPTS);
    let letters = letters(&products, 1).await;
    assert_eq!((letters.len(), letters[0].envelope.id, letters[0].attempts), (1, poison.id, MAX_ATTEMPTS));

    // Once it is mended it is handled after all.
    products.database.request_redrive(Some(poison.id), Timestamp::now()).await.unwrap();
    let process = Process::start().redrive(&products, sound(&products));
    products.until_effects(NEIGHBOURS as usize + 1).await;
    process.stop().await;
}
