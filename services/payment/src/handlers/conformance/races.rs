//! A cancellation that is handled while an authorisation is on its way.

use std::sync::Arc;

use async_trait::async_trait;
use contracts::{Money, OrderId, events::OrderCancelled};
use tokio::sync::Notify;

use super::{
    Instance, cancelled,
    faults::{Faulty, Mode},
    reserved, sandbox, status,
};
use crate::{
    domain::{Answer, Status},
    fixture::{Fixture, TOTAL},
    provider::{Authorisation, Key, Provider, ProviderError, Voiding},
};

over_each_store!(
    nothing_stays_held_if_the_cancellation_overtakes_the_answer,
    nothing_stays_held_if_the_void_of_the_cancellation_fails_meanwhile,
    nothing_stays_held_if_the_process_ends_after_the_charge,
    two_instances_that_ask_at_once_are_both_answered,
);

/// A provider whose yes to an authorisation stays on its way until it is let through.
struct Held {
    inner: Arc<dyn Provider>,
    arrived: Notify,
    go_on: Notify,
}

impl Held {
    fn new(fixture: &Fixture) -> Arc<Self> {
        Arc::new(Self { inner: sandbox(fixture), arrived: Notify::new(), go_on: Notify::new() })
    }
}

#[async_trait]
impl Provider for Held {
    async fn authorise(
        &self,
        key: &Key,
        order_id: OrderId,
        amount: Money,
        token: &str,
    ) -> Result<Authorisation, ProviderError> {
        let authorisation = self.inner.authorise(key, order_id, amount, token).await;
        self.arrived.notify_one();
        self.go_on.notified().await;
        authorisation
    }

    async fn capture(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<(), ProviderError> {
        self.inner.capture(key, order_id, amount).await
    }

    async fn void(&self, key: &Key, order_id: OrderId) -> Result<Voiding, ProviderError> {
        self.inner.void(key, order_id).await
    }

    async fn refund(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<(), ProviderError> {
        self.inner.refund(key, order_id, amount).await
    }
}

async fn nothing_stays_held_if_the_cancellation_overtakes_the_answer(fixture: Fixture) {
    let (provider, order) = (Held::new(&fixture), OrderId::new());
    let slow = Instance::new(&fixture, Arc::clone(&provider) as _);
    let quick = Instance::new(&fixture, sandbox(&fixture));
    let overtake = async {
        provider.arrived.notified().await;
        assert_eq!(fixture.account(order).await.still_held(), Some(TOTAL));
        quick.hear(OrderCancelled { order_id: order }).await.unwrap();
        provider.go_on.notify_one();
    };
    let (handled, ()) = tokio::join!(slow.hear(reserved(order, "tok_ok")), overtake);
    handled.unwrap();
    assert_eq!(fixture.answers().await, [cancelled()]);
    assert_eq!(status(&fixture, order).await, Status::Voided);
    assert_eq!(fixture.account(order).await.still_held(), None);
    assert!(fixture.timers().await.is_empty());
}

async fn nothing_stays_held_if_the_void_of_the_cancellation_fails_meanwhile(fixture: Fixture) {
    let (provider, order) = (Held::new(&fixture), OrderId::new());
    let slow = Instance::new(&fixture, Arc::clone(&provider) as _);
    let down = Faulty::new(&fixture);
    down.set(Mode::Down);
    let quick = Instance::new(&fixture, down);
    let overtake = async {
        provider.arrived.notified().await;
        quick.hear(OrderCancelled { order_id: order }).await.unwrap();
        assert_eq!(status(&fixture, order).await, Status::VoidDue);
        provider.go_on.notify_one();
    };
    let (handled, ()) = tokio::join!(slow.hear(reserved(order, "tok_ok")), overtake);
    handled.unwrap();
    assert_eq!(fixture.answers().await, [cancelled()]);
    assert_eq!(status(&fixture, order).await, Status::Voided);
    assert_eq!(fixture.account(order).await.still_held(), None);
}

async fn nothing_stays_held_if_the_process_ends_after_the_charge(fixture: Fixture) {
    let (provider, order) = (Held::new(&fixture), OrderId::new());
    let dying = Instance::new(&fixture, Arc::clone(&provider) as _);
    tokio::select! {
        _ = dying.hear(reserved(order, "tok_ok")) => panic!("nobody let the answer through"),
        () = provider.arrived.notified() => {}
    }
    assert_eq!(fixture.account(order).await.still_held(), Some(TOTAL));
    let next = Instance::new(&fixture, sandbox(&fixture));
    next.hear(OrderCancelled { order_id: order }).await.unwrap();
    assert_eq!(fixture.account(order).await.still_held(), None);
    next.hear(reserved(order, "tok_ok")).await.unwrap();
    assert_eq!(fixture.answers().await, [cancelled()]);
}

async fn two_instances_that_ask_at_once_are_both_answered(fixture: Fixture) {
    let (provider, order) = (Held::new(&fixture), OrderId::new());
    let first = Instance::new(&fixture, Arc::clone(&provider) as _);
    let second = Instance::new(&fixture, sandbox(&fixture));
    let overtake = async {
        provider.arrived.notified().await;
        second.hear(reserved(order, "tok_ok")).await.unwrap();
        provider.go_on.notify_one();
    };
    let (handled, ()) = tokio::join!(first.hear(reserved(order, "tok_ok")), overtake);
    handled.unwrap();
    assert_eq!(fixture.answers().await, [Answer::Authorised(TOTAL), Answer::Authorised(TOTAL)]);
    assert_eq!(fixture.account(order).await.holds, 1);
}
