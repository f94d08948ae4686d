//! What the messages of a checkout do to the money, over every store.

mod faults;
mod races;

use std::{sync::Arc, time::Duration};

use contracts::{
    OrderId, Service, Timestamp,
    events::{Event, OrderCancelled, OrderConfirmed, OrderRefundRequested, OrderReserved},
};
use platform::{
    Clock,
    inbox::{EventRouter, HandlerError},
    messaging::Envelope,
    timers::TimerHandler as _,
};

use super::SettleTimer;
use crate::{
    Payments,
    domain::{Answer, CANCELLED, Status},
    fixture::{Fixture, TOTAL},
    provider::{Provider, sandbox::Sandbox},
};

over_each_store!(
    each_token_is_answered,
    a_lost_answer_is_asked_for_again_and_charged_once,
    an_order_is_asked_for_once_and_answered_each_time,
    a_cancellation_may_come_first,
    a_confirmed_order_is_captured_once,
    a_capture_waits_for_the_authorisation,
    a_refund_goes_back_once,
    a_cancellation_after_the_capture_gives_the_money_back,
    nonsense_is_not_asked_for,
);

/// One instance of the service, as the broker sees it.
pub(super) struct Instance {
    pub(super) payments: Arc<Payments>,
    router: EventRouter,
}

/// Long enough to be waited for in vain: for tests in which an answer is lost.
pub(super) const SHORT: Duration = Duration::from_millis(500);

impl Instance {
    /// An instance that waits for its provider however long a busy machine may take.
    pub(super) fn new(fixture: &Fixture, provider: Arc<dyn Provider>) -> Self {
        Self::with_patience(fixture, provider, Duration::from_secs(20))
    }

    pub(super) fn with_patience(fixture: &Fixture, provider: Arc<dyn Provider>, patience: Duration) -> Self {
        let store = Arc::clone(&fixture.store);
        let payments = Arc::new(Payments::new(store, provider, Clock::system(), patience));
        let router = super::on(EventRouter::new(Service::Payment), &payments);
        Self { payments, router }
    }

    pub(super) async fn handle(&self, envelope: &Envelope) -> Result<(), HandlerError> {
        self.router.dispatch(envelope).await
    }

    /// Hears of `event` in a message of its own.
    pub(super) async fn hear(&self, event: impl Event) -> Result<(), HandlerError> {
        self.handle(&sealed(&event)).await
    }

    pub(super) async fn fire_timers(&self, fixture: &Fixture) {
        for timer in fixture.timers().await {
            SettleTimer(Arc::clone(&self.payments)).fire(timer).await.unwrap();
        }
    }
}

pub(super) fn sandbox(fixture: &Fixture) -> Arc<dyn Provider> {
    Arc::new(Sandbox::new(Arc::clone(&fixture.ledger), Clock::system(), Duration::from_millis(5)))
}

pub(super) fn sealed(event: &impl Event) -> Envelope {
    Envelope::seal(event, Timestamp::now())
}

pub(super) fn reserved(order_id: OrderId, token: &str) -> OrderReserved {
    OrderReserved { order_id, total: TOTAL, payment_token: token.to_owned() }
}

pub(super) fn confirmed(order_id: OrderId) -> OrderConfirmed {
    OrderConfirmed { order_id, total: TOTAL }
}

pub(super) fn refund_requested(order_id: OrderId) -> OrderRefundRequested {
    OrderRefundRequested { order_id, total: TOTAL }
}

pub(super) fn cancelled() -> Answer {
    Answer::Declined(CANCELLED.to_owned())
}

pub(super) async fn status(fixture: &Fixture, order: OrderId) -> Status {
    fixture.store.payment(order).await.unwrap().unwrap().status
}

async fn each_token_is_answered(fixture: Fixture) {
    let instance = Instance::new(&fixture, sandbox(&fixture));
    for token in ["tok_ok", "tok_slow", "tok_declined", "tok_gold"] {
        instance.hear(reserved(OrderId::new(), token)).await.unwrap();
    }
    let early = sealed(&reserved(OrderId::new(), "tok_error_once"));
    assert!(matches!(instance.handle(&early).await, Err(HandlerError::Unavailable(_))));
    instance.handle(&early).await.unwrap();
    let expected = [
        Answer::Authorised(TOTAL),
        Answer::Authorised(TOTAL),
        Answer::Declined("card declined".to_owned()),
        Answer::Declined("unknown token".to_owned()),
        Answer::Authorised(TOTAL),
    ];
    assert_eq!(fixture.answers().await, expected);
}

async fn a_lost_answer_is_asked_for_again_and_charged_once(fixture: Fixture) {
    let order = OrderId::new();
    let instance = Instance::with_patience(&fixture, sandbox(&fixture), SHORT);
    let message = sealed(&reserved(order, "tok_timeout_after_charge"));
    assert!(matches!(instance.handle(&message).await, Err(HandlerError::Failed(_))));
    assert!(fixture.answers().await.is_empty());
    instance.handle(&message).await.unwrap();
    assert_eq!(fixture.answers().await, [Answer::Authorised(TOTAL)]);
    assert_eq!(fixture.account(order).await.holds, 1);
}

async fn an_order_is_asked_for_once_and_answered_each_time(fixture: Fixture) {
    let (instance, order) = (Instance::new(&fixture, sandbox(&fixture)), OrderId::new());
    let message = sealed(&reserved(order, "tok_ok"));
    instance.handle(&message).await.unwrap();
    instance.handle(&message).await.unwrap();
    // Another token would be declined, if it were looked at.
    instance.hear(reserved(order, "tok_declined")).await.unwrap();
    assert_eq!(fixture.answers().await, [Answer::Authorised(TOTAL), Answer::Authorised(TOTAL)]);
    assert_eq!(fixture.account(order).await.holds, 1);
}

async fn a_cancellation_may_come_first(fixture: Fixture) {
    let (instance, order) = (Instance::new(&fixture, sandbox(&fixture)), OrderId::new());
    instance.hear(OrderCancelled { order_id: order }).await.unwrap();
    assert_eq!(status(&fixture, order).await, Status::Voided);
    instance.hear(reserved(order, "tok_ok")).await.unwrap();
    assert_eq!(fixture.answers().await, [cancelled()]);
    assert_eq!(fixture.account(order).await.holds, 0);
    instance.hear(confirmed(order)).await.unwrap();
    assert_eq!((status(&fixture, order).await, fixture.account(order).await.captures), (Status::Voided, 0));
}

async fn a_confirmed_order_is_captured_once(fixture: Fixture) {
    let (instance, order) = (Instance::new(&fixture, sandbox(&fixture)), OrderId::new());
    instance.hear(reserved(order, "tok_ok")).await.unwrap();
    let message = sealed(&confirmed(order));
    instance.handle(&message).await.unwrap();
    instance.handle(&message).await.unwrap();
    instance.hear(confirmed(order)).await.unwrap();
    let captured = Answer::Captured(TOTAL);
    assert_eq!(fixture.answers().await, [Answer::Authorised(TOTAL), captured.clone(), captured]);
    let account = fixture.account(order).await;
    assert_eq!((account.captures, account.captured), (1, TOTAL.amount));
}

async fn a_capture_waits_for_the_authorisation(fixture: Fixture) {
    let (instance, order) = (Instance::new(&fixture, sandbox(&fixture)), OrderId::new());
    let early = sealed(&confirmed(order));
    assert!(matches!(instance.handle(&early).await, Err(HandlerError::Failed(_))));
    instance.hear(reserved(order, "tok_ok")).await.unwrap();
    instance.handle(&early).await.unwrap();
    assert_eq!(status(&fixture, order).await, Status::Captured);
}

async fn a_refund_goes_back_once(fixture: Fixture) {
    let (instance, order) = (Instance::new(&fixture, sandbox(&fixture)), OrderId::new());
    instance.hear(reserved(order, "tok_ok")).await.unwrap();
    let message = sealed(&refund_requested(order));
    assert!(matches!(instance.handle(&message).await, Err(HandlerError::Failed(_))));
    instance.hear(confirmed(order)).await.unwrap();
    instance.handle(&message).await.unwrap();
    instance.handle(&message).await.unwrap();
    instance.hear(refund_requested(order)).await.unwrap();
    let refunded = Answer::Refunded(TOTAL);
    let expected = [Answer::Authorised(TOTAL), Answer::Captured(TOTAL), refunded.clone(), refunded];
    assert_eq!(fixture.answers().await, expected);
    assert_eq!(fixture.account(order).await.refunded, TOTAL.amount);
}

async fn a_cancellation_after_the_capture_gives_the_money_back(fixture: Fixture) {
    let (instance, order) = (Instance::new(&fixture, sandbox(&fixture)), OrderId::new());
    instance.hear(reserved(order, "tok_ok")).await.unwrap();
    instance.hear(confirmed(order)).await.unwrap();
    instance.hear(OrderCancelled { order_id: order }).await.unwrap();
    assert_eq!(status(&fixture, order).await, Status::Refunded);
    let account = fixture.account(order).await;
    assert_eq!((account.captured, account.refunded), (TOTAL.amount, TOTAL.amount));
}

async fn nonsense_is_not_asked_for(fixture: Fixture) {
    let (instance, order) = (Instance::new(&fixture, sandbox(&fixture)), OrderId::new());
    let less_than_nothing = contracts::Money::new(-1, TOTAL.currency);
    let event = OrderReserved { total: less_than_nothing, ..reserved(order, "tok_ok") };
    assert!(matches!(instance.hear(event).await, Err(HandlerError::Malformed(_))));
    instance.hear(reserved(order, "tok_ok")).await.unwrap();
    let event = OrderConfirmed { order_id: order, total: contracts::Money::new(1, TOTAL.currency) };
    assert!(matches!(instance.hear(event).await, Err(HandlerError::Failed(_))));
    assert_eq!(fixture.account(order).await.captured, 0);
}
