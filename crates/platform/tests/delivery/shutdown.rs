//! An orderly end: what was begun is finished, what was not begun is kept.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use contracts::{OrderId, Service};
use platform::outbox::OutboxStore as _;
use testkit::eventually;
use tokio::sync::Semaphore;

use crate::world::{Peer, Process, memory, router, sound};

#[tokio::test]
async fn a_shutdown_finishes_what_was_begun_and_loses_nothing() {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let broker = memory();
    let orders: Vec<OrderId> = (0..40).map(|_| OrderId::new()).collect();
    for order in &orders {
        shopping.place(*order, 1..=3).await;
    }
    let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU32::new(0)));
    let fault = {
        let (gate, begun) = (Arc::clone(&gate), Arc::clone(&begun));
        move |_| {
            let gate = Arc::clone(&gate);
            begun.fetch_add(1, Ordering::SeqCst);
            async move {
                drop(gate.acquire().await);
                Ok(())
            }
        }
    };
    let process =
        Process::start().consume(&products, &broker, router(&products, fault)).relay(&shopping, &broker);
    eventually("one of each order is begun", || async { (begun.load(Ordering::SeqCst) == 40).then_some(()) })
        .await;
    process.shutdown.cancel();
    gate.add_permits(1);
    process.stop().await;

    let done: HashSet<_> = products.effects().await.into_iter().collect();
    assert_eq!(done.len(), 40, "what was begun is finished, and nothing more is begun");
    assert_eq!(
        shopping.database.depth().await.unwrap(),
        80,
        "what was confirmed is deleted, and nothing else"
    );

    let _next = Process::start().consume(&products, &broker, sound(&products)).relay(&shopping, &broker);
    shopping.drained().await;
    for order in orders {
        assert_eq!(products.effects_of(order).await, [1, 2, 3]);
    }
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_message_that_keeps_failing() {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let (broker, order) = (memory(), OrderId::new());
    shopping.place(order, [1]).await;
    let tried = Arc::new(AtomicU32::new(0));
    let counting = Arc::clone(&tried);
    let away = move |_| {
        counting.fetch_add(1, Ordering::SeqCst);
        async { Err(platform::inbox::HandlerError::Unavailable("away".to_owned())) }
    };
    let process =
        Process::start().consume(&products, &broker, router(&products, away)).relay(&shopping, &broker);
    eventually("it was tried", || async { (tried.load(Ordering::SeqCst) > 0).then_some(()) }).await;
    process.stop().await;
    assert_eq!(shopping.database.depth().await.unwrap(), 1);
}
