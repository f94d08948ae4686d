//! Handlers that fail: messages that can never be handled, stores that are away, people who repair things.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use contracts::{OrderId, Service, Timestamp, events::OrderPlaced};
use platform::{
    inbox::{
        DeadLetter, DeadLetterStore as _, EventRouter, HandlerError, InboxStore as _, MAX_ATTEMPTS, Received,
    },
    messaging::Envelope,
    outbox::OutboxStore as _,
};
use testkit::eventually;
use tokio::sync::{Notify, Semaphore};

use crate::world::{Peer, Process, memory, placed, router, sound};

const POISON: u32 = 13;

async fn the_dead_letter(products: &Peer) -> DeadLetter {
    eventually("a dead letter", || async { products.database.dead_letters(10).await.unwrap().pop() }).await
}

async fn execute(peer: &Peer, sql: &'static str) {
    peer.database.write(move |transaction| Ok(transaction.execute_batch(sql)?)).await.unwrap();
}

fn number(letter: &DeadLetter) -> u32 {
    letter.envelope.open::<OrderPlaced>().unwrap().lines[0].quantity
}

#[tokio::test]
async fn a_poisoned_message_holds_up_its_own_aggregate_only_and_only_until_it_is_dead() {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let (broker, poisoned) = (memory(), OrderId::new());
    shopping.place(poisoned, [POISON, 14, 15]).await;
    let others: Vec<OrderId> = (0..20).map(|_| OrderId::new()).collect();
    for order in &others {
        shopping.place(*order, 1..=3).await;
    }
    // The poisoned message fails only after everything else has been through: it holds up nobody else.
    let (gate, tried) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU32::new(0)));
    let fault = {
        let (gate, tried) = (Arc::clone(&gate), Arc::clone(&tried));
        move |n| {
            let (gate, tried) = (Arc::clone(&gate), Arc::clone(&tried));
            async move {
                if n != POISON {
                    return Ok(());
                }
                tried.fetch_add(1, Ordering::SeqCst);
                drop(gate.acquire().await);
                Err(HandlerError::Failed("poison".to_owned()))
            }
        }
    };
    let process =
        Process::start().consume(&products, &broker, router(&products, fault)).relay(&shopping, &broker);
    let effects = products.until_effects(60).await;
    assert!(effects.iter().all(|(order, _)| *order != poisoned), "one came before the poisoned one");
    gate.add_permits(1);
    shopping.drained().await;
    assert_eq!(products.effects_of(poisoned).await, [14, 15]);
    assert_eq!(tried.load(Ordering::SeqCst), MAX_ATTEMPTS);
    let letter = the_dead_letter(&products).await;
    assert_eq!(
        (number(&letter), letter.consumer, letter.attempts),
        (POISON, Service::Products, MAX_ATTEMPTS)
    );
    assert_eq!((letter.error.as_str(), letter.redrive_at), ("poison", None));
    process.stop().await;
}

#[tokio::test]
async fn a_dead_message_that_cannot_be_buried_yet_is_not_handled_meanwhile() {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let (broker, tried) = (memory(), Arc::new(AtomicU32::new(0)));
    shopping.place(OrderId::new(), [POISON]).await;
    execute(
        &products,
        "CREATE TRIGGER full BEFORE INSERT ON dead_letter BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    .await;
    let counting = Arc::clone(&tried);
    let fault = move |_| {
        counting.fetch_add(1, Ordering::SeqCst);
        async { Err(HandlerError::Failed("poison".to_owned())) }
    };
    let _process =
        Process::start().consume(&products, &broker, router(&products, fault)).relay(&shopping, &broker);
    let dead = || async { (tried.load(Ordering::SeqCst) >= MAX_ATTEMPTS).then_some(()) };
    eventually("it has had its attempts", dead).await;
    // Several tries to bury it.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(shopping.database.depth().await.unwrap(), 1, "what is not buried is not settled");
    execute(&products, "DROP TRIGGER full").await;
    shopping.drained().await;
    assert_eq!(the_dead_letter(&products).await.attempts, MAX_ATTEMPTS);
    assert_eq!(tried.load(Ordering::SeqCst), MAX_ATTEMPTS);
}

#[tokio::test]
async fn a_message_that_cannot_be_understood_is_dead_at_once() {
    let products = Peer::new(Service::Products).await;
    let broker = memory();
    let _process = Process::start().consume(&products, &broker, sound(&products));
    let mut envelope = Envelope::seal(&placed(OrderId::new(), 1), Timestamp::now());
    envelope.payload = b"{\"order_id\": 1".as_slice().into();
    eventually("it is taken", || async { broker.publish(&envelope).await.ok() }).await;
    assert_eq!(the_dead_letter(&products).await.envelope, envelope);
    assert!(products.effects().await.is_empty());
}

#[tokio::test]
async fn a_handler_that_panics_has_failed_wherever_it_panics() {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let (broker, order) = (memory(), OrderId::new());
    shopping.place(order, [1, 2, 3]).await;
    // Before it has made its future, and while that runs.
    let fault = |n| {
        assert_ne!(n, 1, "oh");
        async move {
            assert_ne!(n, 2, "oh");
            Ok(())
        }
    };
    let _process =
        Process::start().consume(&products, &broker, router(&products, fault)).relay(&shopping, &broker);
    shopping.drained().await;
    assert_eq!(products.effects_of(order).await, [3]);
    let dead: Vec<u32> = products.database.dead_letters(10).await.unwrap().iter().map(number).collect();
    assert_eq!(dead, [1, 2]);
}

#[tokio::test]
async fn a_message_whose_store_is_away_waits_and_its_waiting_is_not_counted() {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let (broker, order, tried) = (memory(), OrderId::new(), Arc::new(AtomicU32::new(0)));
    shopping.place(order, [1, 2]).await;
    let counting = Arc::clone(&tried);
    let fault = move |_| {
        let tries = counting.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            if tries <= MAX_ATTEMPTS + 1 { Err(HandlerError::Unavailable("away".to_owned())) } else { Ok(()) }
        }
    };
    let store = products.database.clone();
    let _process =
        Process::start().consume(&products, &broker, router(&products, fault)).relay(&shopping, &broker);
    shopping.drained().await;
    assert_eq!(products.effects_of(order).await, [1, 2]);
    assert!(store.dead_letters(10).await.unwrap().is_empty());
    let counted = store.read(|connection| {
        let count = "SELECT count(*) FROM inbox_failure";
        Ok(connection.query_row(count, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(counted.await.unwrap(), 0);
}

#[tokio::test]
async fn a_dead_letter_that_is_sent_again_after_a_repair_takes_effect_once() {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let (broker, order, broken) = (memory(), OrderId::new(), Arc::new(AtomicBool::new(true)));
    let breakable = || -> EventRouter {
        let broken = Arc::clone(&broken);
        router(&products, move |n| {
            let fails = n == POISON && broken.load(Ordering::SeqCst);
            async move { if fails { Err(HandlerError::Failed("broken".to_owned())) } else { Ok(()) } }
        })
    };
    shopping.place(order, [POISON]).await;
    let process = Process::start()
        .consume(&products, &broker, breakable())
        .redrive(&products, breakable())
        .relay(&shopping, &broker);
    let letter = the_dead_letter(&products).await;
    let message = letter.envelope.id;
    let asked = || products.database.request_redrive(Some(message), Timestamp::now());

    // Too early: it dies again, and waits to be asked for again.
    assert_eq!(asked().await.unwrap(), 1);
    eventually("it has died again", || async {
        let letter = products.database.dead_letter(message).await.unwrap().unwrap();
        (letter.attempts == MAX_ATTEMPTS + 1 && letter.redrive_at.is_none()).then_some(())
    })
    .await;
    assert!(products.effects().await.is_empty());

    broken.store(false, Ordering::SeqCst);
    assert_eq!(asked().await.unwrap(), 1);
    eventually("the letter is gone", || async {
        products.database.dead_letter(message).await.unwrap().is_none().then_some(())
    })
    .await;
    assert_eq!(products.effects_of(order).await, [POISON]);
    // A late repetition by the broker, and one more request.
    assert_eq!(asked().await.unwrap(), 0);
    eventually("the repetition is taken", || async { broker.publish(&letter.envelope).await.ok() }).await;
    assert_eq!(products.effects_of(order).await, [POISON]);
    process.stop().await;
}

#[tokio::test]
async fn failures_are_counted_across_restarts() {
    let products = Peer::new(Service::Products).await;
    let envelope = Envelope::seal(&placed(OrderId::new(), POISON), Timestamp::now());
    let received = Received::by(Service::Products, &envelope);
    for _ in 1..MAX_ATTEMPTS {
        products.database.record_failure(received, Timestamp::now()).await.unwrap();
    }
    let (broker, tried) = (memory(), Arc::new(AtomicU32::new(0)));
    let counting = Arc::clone(&tried);
    let fault = move |_| {
        counting.fetch_add(1, Ordering::SeqCst);
        async { Err(HandlerError::Failed("poison".to_owned())) }
    };
    let _process = Process::start().consume(&products, &broker, router(&products, fault));
    eventually("it is taken", || async { broker.publish(&envelope).await.ok() }).await;
    assert_eq!(the_dead_letter(&products).await.attempts, MAX_ATTEMPTS);
    assert_eq!(tried.load(Ordering::SeqCst), 1);
}

fn dead() -> DeadLetter {
    DeadLetter {
        consumer: Service::Products,
        envelope: Envelope::seal(&placed(OrderId::new(), POISON), Timestamp::now()),
        error: "the process ended".to_owned(),
        attempts: MAX_ATTEMPTS,
        died_at: Timestamp::from_micros(0),
        redrive_at: None,
    }
}

#[tokio::test]
async fn a_dead_letter_that_meets_an_outage_is_handled_when_that_is_over() {
    let products = Peer::new(Service::Products).await;
    products.database.bury(dead()).await.unwrap();
    products.database.request_redrive(None, Timestamp::now()).await.unwrap();
    let (away, tried) = (2, Arc::new(AtomicU32::new(0)));
    let trying = Arc::clone(&tried);
    let away_at_first = router(&products, move |_| {
        let away = trying.fetch_add(1, Ordering::SeqCst) < away;
        async move { if away { Err(HandlerError::Unavailable("an outage".to_owned())) } else { Ok(()) } }
    });
    let process = Process::start().redrive(&products, away_at_first);
    assert_eq!(products.until_effects(1).await.len(), 1);
    eventually("the letter is gone", || async {
        products.database.dead_letters(10).await.unwrap().is_empty().then_some(())
    })
    .await;
    assert_eq!(tried.load(Ordering::SeqCst), 3);
    process.stop().await;
}

#[tokio::test]
async fn a_dead_letter_that_ends_its_process_is_not_tried_again_by_the_next_one() {
    let products = Peer::new(Service::Products).await;
    let letter = dead();
    products.database.bury(letter.clone()).await.unwrap();
    products.database.request_redrive(None, Timestamp::now()).await.unwrap();
    let handled = Arc::new(Notify::new());
    let handling = Arc::clone(&handled);
    let fatal = router(&products, move |_| {
        handling.notify_one();
        pending()
    });
    let process = Process::start().redrive(&products, fatal);
    handled.notified().await;
    drop(process);
    assert!(products.database.to_redrive(10).await.unwrap().is_empty());
    assert_eq!(products.database.dead_letters(10).await.unwrap(), [letter]);
}

#[tokio::test]
async fn an_event_in_the_outbox_that_cannot_be_read_holds_up_its_own_aggregate_only() {
    /// More than the relay reads at a time.
    const EVENTS: u32 = 600;
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let (broker, held, other) = (memory(), OrderId::new(), OrderId::new());
    shopping.place(held, 1..=EVENTS).await;
    shopping.place(other, [1, 2]).await;
    let set_source = |source: &'static str| {
        shopping.database.write(move |transaction| {
            let set = "UPDATE outbox SET source = ?1 WHERE id = (SELECT min(id) FROM outbox)";
            Ok(transaction.execute(set, [source])?)
        })
    };
    set_source("nobody").await.unwrap();
    let process = Process::start().consume(&products, &broker, sound(&products)).relay(&shopping, &broker);
    assert_eq!(products.until_effects(2).await, [(other, 1), (other, 2)]);
    eventually("the rest stays", || async {
        (shopping.database.depth().await.unwrap() == u64::from(EVENTS)).then_some(())
    })
    .await;

    set_source(Service::Shopping.name()).await.unwrap();
    shopping.drained().await;
    assert_eq!(products.effects_of(held).await, (1..=EVENTS).collect::<Vec<_>>());
    process.stop().await;
}
