//! A provider that fails: what is owed is asked for until it says yes.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use contracts::{Money, OrderId, events::OrderCancelled};
use platform::inbox::HandlerError;

use super::{Instance, confirmed, refund_requested, reserved, sandbox, status};
use crate::{
    domain::{Answer, Status},
    fixture::{Fixture, TOTAL},
    provider::{Authorisation, Key, Provider, ProviderError, Voiding},
};

over_each_store!(
    a_void_is_asked_for_until_the_provider_says_yes,
    a_capture_whose_answer_was_lost_is_made_once,
    a_refund_waits_for_a_capture_that_is_due,
    a_cancellation_finds_a_capture_of_which_nobody_heard,
    a_cancellation_ends_a_capture_that_is_refused,
    the_provider_is_not_asked_for_what_is_known,
);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Works,
    /// Does nothing.
    Down,
    /// Does it, and does not say so.
    LosesAnswers,
}

/// A provider that fails when it is told to.
pub(super) struct Faulty {
    inner: Arc<dyn Provider>,
    mode: Mutex<Mode>,
    asked: AtomicU32,
}

impl Faulty {
    pub(super) fn new(fixture: &Fixture) -> Arc<Self> {
        let (mode, asked) = (Mutex::new(Mode::Works), AtomicU32::new(0));
        Arc::new(Self { inner: sandbox(fixture), mode, asked })
    }

    pub(super) fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    async fn through<T: Send>(
        &self,
        answer: impl Future<Output = Result<T, ProviderError>> + Send,
    ) -> Result<T, ProviderError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mode = *self.mode.lock().unwrap();
        match mode {
            Mode::Works => answer.await,
            Mode::Down => Err(ProviderError::Unavailable("down".to_owned())),
            Mode::LosesAnswers => {
                answer.await?;
                Err(ProviderError::Unknown("lost".to_owned()))
            }
        }
    }
}

#[async_trait]
impl Provider for Faulty {
    async fn authorise(
        &self,
        key: &Key,
        order_id: OrderId,
        amount: Money,
        token: &str,
    ) -> Result<Authorisation, ProviderError> {
        self.through(self.inner.authorise(key, order_id, amount, token)).await
    }

    async fn capture(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<(), ProviderError> {
        self.through(self.inner.capture(key, order_id, amount)).await
    }

    async fn void(&self, key: &Key, order_id: OrderId) -> Result<Voiding, ProviderError> {
        self.through(self.inner.void(key, order_id)).await
    }

    async fn refund(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<(), ProviderError> {
        self.through(self.inner.refund(key, order_id, amount)).await
    }
}

async fn a_void_is_asked_for_until_the_provider_says_yes(fixture: Fixture) {
    let (provider, order) = (Faulty::new(&fixture), OrderId::new());
    let instance = Instance::new(&fixture, Arc::clone(&provider) as _);
    instance.hear(reserved(order, "tok_ok")).await.unwrap();
    provider.set(Mode::Down);
    // The message is done with: what is left to do is written down.
    instance.hear(OrderCancelled { order_id: order }).await.unwrap();
    for attempt in 1..=3 {
        instance.fire_timers(&fixture).await;
        assert_eq!(status(&fixture, order).await, Status::VoidDue);
        assert_eq!(fixture.timers().await[0].attempt, attempt);
    }
    provider.set(Mode::Works);
    instance.fire_timers(&fixture).await;
    assert_eq!(status(&fixture, order).await, Status::Voided);
    assert_eq!(fixture.account(order).await.still_held(), None);
    assert!(fixture.timers().await.is_empty());
}

async fn a_capture_whose_answer_was_lost_is_made_once(fixture: Fixture) {
    let (provider, order) = (Faulty::new(&fixture), OrderId::new());
    let instance = Instance::new(&fixture, Arc::clone(&provider) as _);
    instance.hear(reserved(order, "tok_ok")).await.unwrap();
    provider.set(Mode::LosesAnswers);
    instance.hear(confirmed(order)).await.unwrap();
    instance.hear(confirmed(order)).await.unwrap();
    assert_eq!(status(&fixture, order).await, Status::CaptureDue);
    provider.set(Mode::Works);
    instance.fire_timers(&fixture).await;
    assert_eq!(fixture.answers().await, [Answer::Authorised(TOTAL), Answer::Captured(TOTAL)]);
    assert_eq!(fixture.account(order).await.captures, 1);
}

async fn a_refund_waits_for_a_capture_that_is_due(fixture: Fixture) {
    let (provider, order) = (Faulty::new(&fixture), OrderId::new());
    let instance = Instance::new(&fixture, Arc::clone(&provider) as _);
    instance.hear(reserved(order, "tok_ok")).await.unwrap();
    provider.set(Mode::Down);
    instance.hear(confirmed(order)).await.unwrap();
    assert!(matches!(instance.hear(refund_requested(order)).await, Err(HandlerError::Unavailable(_))));
    provider.set(Mode::Works);
    instance.fire_timers(&fixture).await;
    instance.hear(refund_requested(order)).await.unwrap();
    assert_eq!(status(&fixture, order).await, Status::Refunded);
}

async fn a_cancellation_finds_a_capture_of_which_nobody_heard(fixture: Fixture) {
    let (provider, order) = (Faulty::new(&fixture), OrderId::new());
    let instance = Instance::new(&fixture, Arc::clone(&provider) as _);
    instance.hear(reserved(order, "tok_ok")).await.unwrap();
    provider.set(Mode::LosesAnswers);
    instance.hear(confirmed(order)).await.unwrap();
    provider.set(Mode::Works);
    instance.hear(OrderCancelled { order_id: order }).await.unwrap();
    assert_eq!(status(&fixture, order).await, Status::Refunded);
    let account = fixture.account(order).await;
    assert_eq!((account.captured, account.refunded), (TOTAL.amount, TOTAL.amount));
    assert!(fixture.timers().await.is_empty());
}

async fn a_cancellation_ends_a_capture_that_is_refused(fixture: Fixture) {
    let (provider, order) = (Faulty::new(&fixture), OrderId::new());
    let instance = Instance::new(&fixture, Arc::clone(&provider) as _);
    instance.hear(reserved(order, "tok_ok")).await.unwrap();
    provider.set(Mode::Down);
    instance.hear(confirmed(order)).await.unwrap();
    provider.set(Mode::Works);
    instance.hear(OrderCancelled { order_id: order }).await.unwrap();
    assert_eq!(status(&fixture, order).await, Status::Voided);
    assert!(fixture.timers().await.is_empty());
    // Asked for once more, and overtaken by the cancellation.
    instance.hear(confirmed(order)).await.unwrap();
    assert_eq!((status(&fixture, order).await, fixture.account(order).await.captures), (Status::Voided, 0));
    assert_eq!(fixture.answers().await, [Answer::Authorised(TOTAL)]);
}

async fn the_provider_is_not_asked_for_what_is_known(fixture: Fixture) {
    let provider = Faulty::new(&fixture);
    let instance = Instance::new(&fixture, Arc::clone(&provider) as _);
    let (held, refused, tombstone) = (OrderId::new(), OrderId::new(), OrderId::new());
    instance.hear(reserved(held, "tok_ok")).await.unwrap();
    instance.hear(reserved(refused, "tok_declined")).await.unwrap();
    instance.hear(OrderCancelled { order_id: tombstone }).await.unwrap();
    let asked = provider.asked.load(Ordering::SeqCst);
    for order in [held, refused, tombstone] {
        instance.hear(reserved(order, "tok_ok")).await.unwrap();
    }
    instance.hear(OrderCancelled { order_id: refused }).await.unwrap();
    assert_eq!(provider.asked.load(Ordering::SeqCst), asked);
}
