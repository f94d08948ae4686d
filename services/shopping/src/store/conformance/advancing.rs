//! Letting something happen to an order.

use contracts::{
    CustomerId, OrderId,
    events::{
        Event as _, OrderAuthorised, OrderCancelled, OrderConfirmed, OrderDeclined, OrderPlaced,
        OrderRefundRequested, OrderReserved,
    },
    rpc::OrderStatus::{
        Authorised, Cancelled, Confirmed, Declined, Delivered, Pending, Refunded, Reserved, Shipped,
    },
};
use futures::future::join_all;
use platform::{store::StoreError, timers::Timer};

use super::fixture::{Fixture, NOW, SECOND, message};
use crate::{
    checkout::{Input, Refusal, wait},
    domain::Timeline,
    store::{Advanced, Cause},
};

async fn happens(fixture: &Fixture, order_id: OrderId, cause: Cause, input: Input) -> Advanced {
    let (advanced, step) = fixture.store.advance(order_id, cause, input, NOW + SECOND).await.unwrap();
    if let Some(step) = step {
        assert!(matches!(advanced, Advanced::Now(status) if status == step.status), "{advanced:?} {step:?}");
        let kept = fixture.steps(order_id, step.number - 1).await;
        assert_eq!(kept.first(), Some(&step), "what is told is what is kept");
    }
    advanced
}

async fn by_message(fixture: &Fixture, order_id: OrderId, input: Input) -> Advanced {
    happens(fixture, order_id, Cause::Message(message()), input).await
}

pub async fn a_checkout_goes_through_step_by_step(fixture: Fixture) {
    let order = fixture.placed(CustomerId::new()).await;
    let id = order.id;
    assert_eq!(by_message(&fixture, id, Input::StockReserved).await, Advanced::Now(Reserved));
    let timer = fixture.timer(id).await.unwrap();
    assert_eq!((timer.attempt, timer.due_at), (1, NOW + SECOND + wait(Reserved, 1)));
    assert_eq!(by_message(&fixture, id, Input::PaymentAuthorised).await, Advanced::Now(Authorised));
    assert_eq!(by_message(&fixture, id, Input::StockCommitted).await, Advanced::Now(Confirmed));
    assert_eq!(by_message(&fixture, id, Input::PaymentCaptured).await, Advanced::Now(Confirmed));
    assert_eq!(fixture.timer(id).await, None, "there is nothing to wait for");
    for (input, status) in [(Input::Ship, Shipped), (Input::Deliver, Delivered)] {
        assert_eq!(happens(&fixture, id, Cause::Staff, input).await, Advanced::Now(status));
    }
    assert_eq!(happens(&fixture, id, Cause::Staff, Input::Refund).await, Advanced::Now(Delivered));
    assert!(fixture.order(id).await.refund_requested && fixture.timer(id).await.is_some());
    assert_eq!(by_message(&fixture, id, Input::PaymentRefunded).await, Advanced::Now(Refunded));
    let now = fixture.order(id).await;
    assert_eq!((now.status, now.captured, now.updated_at), (Refunded, true, NOW + SECOND));
    assert_eq!((now.lines, now.total, now.placed_at), (order.lines, order.total, order.placed_at));
    assert_eq!(
        fixture.told(id).await,
        [
            OrderPlaced::TYPE,
            OrderReserved::TYPE,
            OrderAuthorised::TYPE,
            OrderConfirmed::TYPE,
            OrderRefundRequested::TYPE
        ]
    );
    let reserved: OrderReserved = fixture.published().await[1].open().unwrap();
    assert_eq!((reserved.total, reserved.payment_token), (order.total, order.payment_token));
}

pub async fn a_message_counts_once(fixture: Fixture) {
    let id = fixture.placed(CustomerId::new()).await.id;
    let cause = Cause::Message(message());
    let reserved = Input::StockReserved;
    assert_eq!(happens(&fixture, id, cause.clone(), reserved.clone()).await, Advanced::Now(Reserved));
    let (order, told) = (fixture.order(id).await, fixture.told(id).await);
    for input in [reserved, Input::StockExpired] {
        assert_eq!(happens(&fixture, id, cause.clone(), input).await, Advanced::Before);
    }
    assert_eq!((fixture.order(id).await, fixture.told(id).await), (order, told));
}

/// It is to become a dead letter, and to count when it is sent again once the order is there.
pub async fn a_message_about_an_unknown_order_fails_and_is_not_used_up(fixture: Fixture) {
    let placing = fixture.prepared(CustomerId::new()).await;
    let id = placing.order.id;
    let cause = Cause::Message(message());
    for _ in 0..2 {
        let outcome = fixture.store.advance(id, cause.clone(), Input::StockReserved, NOW).await;
        assert!(matches!(outcome, Err(StoreError::Failed(_))), "{outcome:?}");
    }
    fixture.store.place_order(placing).await.unwrap();
    assert_eq!(happens(&fixture, id, cause, Input::StockReserved).await, Advanced::Now(Reserved));
    assert_eq!(happens(&fixture, OrderId::new(), Cause::Staff, Input::Ship).await, Advanced::NotFound);
}

pub async fn a_timer_counts_while_it_stands(fixture: Fixture) {
    let id = fixture.placed(CustomerId::new()).await.id;
    let first = fixture.timer(id).await.unwrap();
    let fire = |timer: Timer| {
        let input = Input::TimedOut(timer.attempt);
        happens(&fixture, id, Cause::Timer(timer), input)
    };
    assert_eq!(fire(first.clone()).await, Advanced::Now(Pending));
    assert_eq!(fire(first.clone()).await, Advanced::Before, "it was set again");
    assert_eq!(fixture.told(id).await, [OrderPlaced::TYPE, OrderPlaced::TYPE]);
    let second = fixture.timer(id).await.unwrap();
    assert_eq!((second.attempt, second.due_at), (2, NOW + SECOND + wait(Pending, 2)));
    by_message(&fixture, id, Input::StockReserved).await;
    assert_eq!(fire(second).await, Advanced::Before, "the answer was first");
    assert_eq!(fixture.order(id).await.status, Reserved);
}

pub async fn the_last_timeout_cancels_and_clears_the_timer(fixture: Fixture) {
    let id = fixture.placed(CustomerId::new()).await.id;
    let mut fired = 0;
    while let Some(timer) = fixture.timer(id).await {
        fired += 1;
        assert_eq!(timer.attempt, fired);
        let input = Input::TimedOut(timer.attempt);
        happens(&fixture, id, Cause::Timer(timer), input).await;
    }
    let order = fixture.order(id).await;
    assert_eq!(order.status, Cancelled);
    assert!(order.reason.is_some() && fired > 1);
    assert_eq!(fixture.told(id).await.last().unwrap(), OrderCancelled::TYPE);
}

pub async fn a_customer_reaches_their_own_orders_only(fixture: Fixture) {
    let (anna, bert) = (CustomerId::new(), CustomerId::new());
    let id = fixture.placed(anna).await.id;
    let cancel = |who| happens(&fixture, id, Cause::Customer(who), Input::Cancel);
    assert_eq!(cancel(bert).await, Advanced::NotFound);
    assert_eq!(fixture.order(id).await.status, Pending);
    assert_eq!(cancel(anna).await, Advanced::Now(Cancelled));
    assert_eq!(cancel(anna).await, Advanced::Now(Cancelled), "it stays cancelled");
    assert_eq!(fixture.told(id).await, [OrderPlaced::TYPE, OrderCancelled::TYPE]);
    assert_eq!(fixture.timer(id).await, None);
}

pub async fn staff_call_off_what_is_not_paid(fixture: Fixture) {
    let anna = CustomerId::new();
    for status in [Pending, Reserved, Authorised, Confirmed] {
        let id = fixture.order_in(anna, status).await;
        for _ in 0..2 {
            assert_eq!(happens(&fixture, id, Cause::Staff, Input::CallOff).await, Advanced::Now(Cancelled));
        }
        let order = fixture.order(id).await;
        assert_eq!((order.reason.as_deref(), order.captured), (Some("called off by the shop"), false));
        let told = fixture.told(id).await;
        assert_eq!(told.iter().filter(|told| *told == OrderCancelled::TYPE).count(), 1, "{told:?}");
        assert_eq!(fixture.timer(id).await, None);
        // The capture was made after all: payment gives the money back, and the order stays cancelled.
        assert_eq!(by_message(&fixture, id, Input::PaymentCaptured).await, Advanced::Now(Cancelled));
    }
}

/// Twice given up is not a step that was taken twice.
pub async fn a_refund_may_be_given_up_and_asked_for_again(fixture: Fixture) {
    let id = fixture.order_in(CustomerId::new(), Delivered).await;
    for given_up in 1..=2 {
        assert_eq!(happens(&fixture, id, Cause::Staff, Input::Refund).await, Advanced::Now(Delivered));
        while let Some(timer) = fixture.timer(id).await {
            let input = Input::TimedOut(timer.attempt);
            happens(&fixture, id, Cause::Timer(timer), input).await;
        }
        let timeline = fixture.steps(id, 0).await;
        let notes =
            timeline.iter().filter(|entry| entry.note.ends_with("somebody has to look at it.")).count();
        assert_eq!(notes, given_up);
    }
    assert_eq!(fixture.store.audit_orders().await.unwrap().repeated_steps, 0);
}

pub async fn what_an_order_cannot_do_is_refused_and_changes_nothing(fixture: Fixture) {
    let anna = CustomerId::new();
    let (pending, confirmed) = (fixture.placed(anna).await.id, fixture.order_in(anna, Confirmed).await);
    let (paid, shipped) = (fixture.order_in(anna, Confirmed).await, fixture.order_in(anna, Shipped).await);
    by_message(&fixture, paid, Input::PaymentCaptured).await;
    for (id, cause, input, refusal) in [
        (pending, Cause::Staff, Input::Ship, Refusal::NotConfirmed),
        (pending, Cause::Staff, Input::Deliver, Refusal::NotShipped),
        (pending, Cause::Staff, Input::Refund, Refusal::NotPaid),
        (confirmed, Cause::Staff, Input::Deliver, Refusal::NotShipped),
        (confirmed, Cause::Staff, Input::Refund, Refusal::NotCaptured),
        (confirmed, Cause::Staff, Input::Ship, Refusal::NotCaptured),
        (shipped, Cause::Staff, Input::CallOff, Refusal::TooLateToCancel),
        (paid, Cause::Staff, Input::CallOff, Refusal::Captured),
        (confirmed, Cause::Customer(anna), Input::Cancel, Refusal::TooLateToCancel),
    ] {
        let before = (fixture.order(id).await, fixture.told(id).await);
        assert_eq!(happens(&fixture, id, cause, input).await, Advanced::Refused(refusal));
        assert_eq!((fixture.order(id).await, fixture.told(id).await), before);
    }
}

pub async fn a_declined_order_says_why(fixture: Fixture) {
    let id = fixture.order_in(CustomerId::new(), Reserved).await;
    let declined = Input::PaymentDeclined("not enough money".to_owned());
    assert_eq!(by_message(&fixture, id, declined).await, Advanced::Now(Declined));
    let order = fixture.order(id).await;
    assert_eq!(order.reason.as_deref(), Some("not enough money"));
    assert_eq!(fixture.told(id).await.last().unwrap(), OrderDeclined::TYPE);
    // What comes later is undone, and does not change why it ended.
    assert_eq!(by_message(&fixture, id, Input::PaymentAuthorised).await, Advanced::Now(Declined));
    assert_eq!(fixture.order(id).await.reason, order.reason);
    assert_eq!(fixture.told(id).await.last().unwrap(), OrderCancelled::TYPE);
}

pub async fn a_timeline_is_numbered_without_gaps(fixture: Fixture) {
    let (id, other) =
        (fixture.order_in(CustomerId::new(), Delivered).await, fixture.placed(CustomerId::new()).await.id);
    let timeline = fixture.steps(id, 0).await;
    assert_eq!(timeline.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(
        timeline.iter().map(|entry| entry.status).collect::<Vec<_>>(),
        [Pending, Reserved, Authorised, Confirmed, Confirmed, Shipped, Delivered]
    );
    assert!(timeline.iter().all(|entry| !entry.note.is_empty()));
    assert_eq!(fixture.steps(id, 4).await, timeline[4..]);
    assert_eq!(fixture.steps(id, 7).await, []);
    assert_eq!(fixture.steps(other, 0).await.len(), 1);
    let (anna, order) = (fixture.order(id).await.customer_id, fixture.store.timeline(id, 7).await.unwrap());
    assert_eq!(order, Some(Timeline { customer_id: anna, status: Delivered, steps: Vec::new() }));
    assert_eq!(fixture.store.timeline(OrderId::new(), 0).await.unwrap(), None);
}

/// Deliveries, a timer and a customer at the same moment: one order, one way, one event a step.
pub async fn an_order_advances_once_whoever_races(fixture: Fixture) {
    let anna = CustomerId::new();
    let id = fixture.placed(anna).await.id;
    let (received, timer) = (message(), fixture.timer(id).await.unwrap());
    let causes = (0..30).map(|n| match n % 3 {
        0 => (Cause::Message(received), Input::StockReserved),
        1 => (Cause::Timer(timer.clone()), Input::TimedOut(1)),
        _ => (Cause::Customer(anna), Input::Cancel),
    });
    let outcomes = join_all(causes.map(|(cause, input)| happens(&fixture, id, cause, input))).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Advanced::Now(_) | Advanced::Before)));
    assert_eq!(fixture.order(id).await.status, Cancelled);
    let told = fixture.told(id).await;
    let count = |event: &str| told.iter().filter(|told| told.as_str() == event).count();
    assert!(count(OrderReserved::TYPE) <= 1 && count(OrderPlaced::TYPE) <= 2, "{told:?}");
    assert!((1..=2).contains(&count(OrderCancelled::TYPE)), "{told:?}");
    let timeline = fixture.steps(id, 0).await;
    let numbers: Vec<u32> = timeline.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, (1..=u32::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
}
