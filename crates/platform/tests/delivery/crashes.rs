//! Processes that are killed between two steps.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use contracts::{OrderId, Service};
use futures::future::pending;
use platform::{
    inbox::{EventRouter, HandlerError},
    messaging::{Broker, Envelope, PublishError},
    outbox::OutboxStore as _,
};
use testkit::eventually;
use tokio::sync::Notify;

use crate::world::{Fate, Faulty, Peer, Process, memory, router, sound, unsettling};

/// Consumes until `router` has notified `reached`, kills the consumer there, and lets another one go on.
async fn killed_where(reached: &Notify, router: impl Fn(&Peer) -> EventRouter, effects_at_death: &[u32]) {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let (broker, order) = (memory(), OrderId::new());
    shopping.place(order, 1..=3).await;
    let _relay = Process::start().relay(&shopping, &broker);
    let victim = Process::start().consume(&products, &broker, router(&products));
    reached.notified().await;
    drop(victim);
    assert_eq!(products.effects_of(order).await, effects_at_death);
    let _heir = Process::start().consume(&products, &broker, sound(&products));
    shopping.drained().await;
    assert_eq!(products.effects_of(order).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_consumer_that_is_killed_before_the_effect_leaves_it_to_the_next() {
    let reached = Arc::new(Notify::new());
    let stuck = |products: &Peer| {
        let reached = Arc::clone(&reached);
        router(products, move |_| {
            reached.notify_one();
            pending::<Result<(), HandlerError>>()
        })
    };
    killed_where(&reached, stuck, &[]).await;
}

#[tokio::test]
async fn a_consumer_that_is_killed_between_effect_and_acknowledgement_has_no_second_effect() {
    let reached = Arc::new(Notify::new());
    let stuck = |products: &Peer| unsettling(products, &reached);
    killed_where(&reached, stuck, &[1]).await;
}

/// The broker has taken the event, and the relay never hears of it.
struct Unheard(Arc<AtomicU32>);

#[async_trait]
impl Fate for Unheard {
    async fn publish(&self, broker: &dyn Broker, envelope: &Envelope) -> Result<(), PublishError> {
        broker.publish(envelope).await?;
        self.0.fetch_add(1, Ordering::SeqCst);
        pending().await
    }
}

#[tokio::test]
async fn a_relay_that_is_killed_between_confirmation_and_deletion_publishes_again_without_a_second_effect() {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let (broker, taken, handled) = (memory(), Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let orders: Vec<OrderId> = (0..10).map(|_| OrderId::new()).collect();
    for order in &orders {
        shopping.place(*order, [1]).await;
    }
    let counting = Arc::clone(&handled);
    let _consumer = Process::start().consume(
        &products,
        &broker,
        router(&products, move |_| {
            counting.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        }),
    );
    let unheard: Arc<dyn Broker> = Faulty::new(&broker, Unheard(Arc::clone(&taken)));
    let victim = Process::start().relay(&shopping, &unheard);
    eventually("all are taken", || async { (taken.load(Ordering::SeqCst) == 10).then_some(()) }).await;
    drop(victim);
    assert_eq!(shopping.database.depth().await.unwrap(), 10, "nothing was deleted unconfirmed");
    let _heir = Process::start().relay(&shopping, &broker);
    shopping.drained().await;
    assert_eq!(handled.load(Ordering::SeqCst), 20, "each was delivered twice");
    assert_eq!(products.effects().await.len(), 10);
    for order in orders {
        assert_eq!(products.effects_of(order).await, [1]);
    }
}
