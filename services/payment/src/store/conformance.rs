//! What every store of payments promises.

#[cfg(feature = "real-servers")]
mod access;

use std::time::Duration;

use contracts::{Currency, Money, OrderId, Timestamp};
use futures::future::join_all;
use platform::{store::StoreError, trace::TraceContext};

use super::RequestError;
use crate::{
    domain::{Answer, CANCELLED, Operation, Outcome, Payment, Refusal, Settlement, Status},
    fixture::{Fixture, TOTAL, message, moment},
    provider::Authorisation,
};

over_each_store!(
    an_authorisation_is_kept_and_answered,
    a_declined_payment_is_kept_with_its_reason,
    the_same_message_twice_has_one_effect,
    an_answer_is_repeated_for_each_new_message,
    a_refused_message_can_come_again,
    what_is_owed_has_a_timer_until_it_is_settled,
    a_hold_after_the_cancellation_is_to_be_let_go,
    a_cancellation_with_nothing_known_is_kept,
    a_settlement_is_written_once,
    a_timer_that_was_set_anew_is_not_rescheduled,
    a_statement_tells_all_that_happened,
    payments_are_listed_in_chunks,
    money_beyond_the_bounds_is_refused_by_the_schema,
    what_comes_at_once_has_each_its_own_effect,
    what_is_refused_among_others_leaves_no_trace,
);

async fn authorised(fixture: &Fixture) -> OrderId {
    let order = OrderId::new();
    let held = Authorisation::Held;
    fixture.store.record_authorisation(message(), order, TOTAL, held, moment()).await.unwrap();
    order
}

async fn captured(fixture: &Fixture) -> OrderId {
    let order = authorised(fixture).await;
    fixture.store.confirm(message(), order, TOTAL, moment()).await.unwrap();
    fixture.store.record_settlement(order, Settlement::Captured(TOTAL), moment()).await.unwrap();
    order
}

async fn status(fixture: &Fixture, order: OrderId) -> Status {
    fixture.store.payment(order).await.unwrap().unwrap().status
}

async fn an_authorisation_is_kept_and_answered(fixture: Fixture) {
    assert_eq!(fixture.store.payment(OrderId::new()).await.unwrap(), None);
    let order_id = authorised(&fixture).await;
    let expected = Payment {
        order_id,
        status: Status::Authorised,
        amount: Some(TOTAL),
        captured: 0,
        refunded: 0,
        reason: None,
    };
    assert_eq!(fixture.store.payment(order_id).await.unwrap(), Some(expected));
    assert_eq!(fixture.answers().await, [Answer::Authorised(TOTAL)]);
}

async fn a_declined_payment_is_kept_with_its_reason(fixture: Fixture) {
    let order = OrderId::new();
    let no = Authorisation::Declined { reason: "card declined".to_owned() };
    fixture.store.record_authorisation(message(), order, TOTAL, no, moment()).await.unwrap();
    let payment = fixture.store.payment(order).await.unwrap().unwrap();
    assert_eq!((payment.status, payment.reason.as_deref()), (Status::Declined, Some("card declined")));
    assert_eq!(fixture.answers().await, [Answer::Declined("card declined".to_owned())]);
}

async fn the_same_message_twice_has_one_effect(fixture: Fixture) {
    let (order, store) = (OrderId::new(), &fixture.store);
    let (reserved, confirmed, refund) = (message(), message(), message());
    for _ in 0..2 {
        store.record_authorisation(reserved, order, TOTAL, Authorisation::Held, moment()).await.unwrap();
        store.repeat_answer(reserved, order, Timestamp::now()).await.unwrap();
    }
    store.confirm(confirmed, order, TOTAL, moment()).await.unwrap();
    store.record_settlement(order, Settlement::Captured(TOTAL), moment()).await.unwrap();
    // It would be answered again if it were new.
    store.confirm(confirmed, order, TOTAL, moment()).await.unwrap();
    store.request_refund(refund, order, TOTAL, moment()).await.unwrap();
    store.record_settlement(order, Settlement::Refunded(TOTAL), moment()).await.unwrap();
    store.request_refund(refund, order, TOTAL, moment()).await.unwrap();
    let expected = [Answer::Authorised(TOTAL), Answer::Captured(TOTAL), Answer::Refunded(TOTAL)];
    assert_eq!(fixture.answers().await, expected);
}

async fn an_answer_is_repeated_for_each_new_message(fixture: Fixture) {
    let order = authorised(&fixture).await;
    fixture.store.repeat_answer(message(), order, Timestamp::now()).await.unwrap();
    assert_eq!(fixture.answers().await, [Answer::Authorised(TOTAL), Answer::Authorised(TOTAL)]);
    assert!(fixture.store.repeat_answer(message(), OrderId::new(), Timestamp::now()).await.is_err());
}

async fn a_refused_message_can_come_again(fixture: Fixture) {
    let (order, early) = (OrderId::new(), message());
    let refused = fixture.store.confirm(early, order, TOTAL, moment()).await;
    assert!(matches!(refused, Err(RequestError::Refused(Refusal::NotAuthorised))));
    let held = Authorisation::Held;
    fixture.store.record_authorisation(message(), order, TOTAL, held, moment()).await.unwrap();
    let payment = fixture.store.confirm(early, order, TOTAL, moment()).await.unwrap().unwrap();
    assert_eq!(payment.status, Status::CaptureDue);

    let order = authorised(&fixture).await;
    let refused = fixture.store.request_refund(message(), order, TOTAL, moment()).await;
    assert!(matches!(refused, Err(RequestError::Refused(Refusal::NotCaptured))));
}

async fn what_is_owed_has_a_timer_until_it_is_settled(fixture: Fixture) {
    let order = authorised(&fixture).await;
    assert!(fixture.timers().await.is_empty());
    let then = moment();
    fixture.store.confirm(message(), order, TOTAL, then).await.unwrap();
    let timers = fixture.timers().await;
    assert_eq!((timers[0].subject, timers[0].due_at, timers.len()), (order.0, then.retry_at, 1));

    let payment = fixture.store.cancel(message(), order, moment()).await.unwrap().unwrap();
    assert_eq!((payment.status, fixture.timers().await.len()), (Status::VoidDue, 1));
    let too_late = Settlement::Captured(TOTAL);
    let payment = fixture.store.record_settlement(order, too_late, moment()).await.unwrap().unwrap();
    assert_eq!((payment.status, fixture.timers().await.len()), (Status::RefundDue, 1));
    fixture.store.record_settlement(order, Settlement::Refunded(TOTAL), moment()).await.unwrap();
    assert_eq!(status(&fixture, order).await, Status::Refunded);
    assert!(fixture.timers().await.is_empty());
}

async fn a_hold_after_the_cancellation_is_to_be_let_go(fixture: Fixture) {
    let order = OrderId::new();
    fixture.store.cancel(message(), order, moment()).await.unwrap();
    fixture.store.record_settlement(order, Settlement::Voided, moment()).await.unwrap();
    assert!(fixture.timers().await.is_empty());
    let held = Authorisation::Held;
    fixture.store.record_authorisation(message(), order, TOTAL, held, moment()).await.unwrap();
    assert_eq!(status(&fixture, order).await, Status::VoidDue);
    assert_eq!(fixture.timers().await.len(), 1);
    assert_eq!(fixture.answers().await, [Answer::Declined(CANCELLED.to_owned())]);
}

async fn a_cancellation_with_nothing_known_is_kept(fixture: Fixture) {
    let order = OrderId::new();
    let payment = fixture.store.cancel(message(), order, moment()).await.unwrap().unwrap();
    assert_eq!((payment.status, payment.amount), (Status::VoidDue, None));
    assert_eq!(fixture.timers().await.len(), 1);
    assert!(fixture.answers().await.is_empty());
}

async fn a_settlement_is_written_once(fixture: Fixture) {
    let order = captured(&fixture).await;
    fixture.store.record_settlement(order, Settlement::Captured(TOTAL), moment()).await.unwrap();
    assert_eq!(fixture.answers().await, [Answer::Authorised(TOTAL), Answer::Captured(TOTAL)]);
    let unknown = OrderId::new();
    assert!(fixture.store.record_settlement(unknown, Settlement::Voided, moment()).await.is_err());
}

async fn a_timer_that_was_set_anew_is_not_rescheduled(fixture: Fixture) {
    let order = authorised(&fixture).await;
    fixture.store.confirm(message(), order, TOTAL, moment()).await.unwrap();
    let fired = fixture.timers().await.remove(0);
    let next = fired.due_at + Duration::from_secs(1);
    fixture.store.reschedule(fired.clone(), Some(next)).await.unwrap();
    let set_again = fixture.timers().await.remove(0);
    assert_eq!((set_again.attempt, set_again.due_at), (1, next));

    // The one that fired is not the one that stands.
    fixture.store.reschedule(fired, None).await.unwrap();
    assert_eq!(fixture.timers().await, std::slice::from_ref(&set_again));
    fixture.store.reschedule(set_again, None).await.unwrap();
    assert!(fixture.timers().await.is_empty());
}

async fn a_statement_tells_all_that_happened(fixture: Fixture) {
    assert!(fixture.store.statement(OrderId::new()).await.unwrap().is_none());
    let order = captured(&fixture).await;
    fixture.store.cancel(message(), order, moment()).await.unwrap();
    fixture.store.record_settlement(order, Settlement::Refunded(TOTAL), moment()).await.unwrap();
    let statement = fixture.store.statement(order).await.unwrap().unwrap();
    let history: Vec<_> = statement.history.iter().map(|entry| (entry.operation, entry.outcome)).collect();
    let expected = [
        (Operation::Authorise, Outcome::Held),
        (Operation::Capture, Outcome::Requested),
        (Operation::Capture, Outcome::Captured),
        (Operation::Refund, Outcome::Requested),
        (Operation::Refund, Outcome::Refunded),
    ];
    assert_eq!(history, expected);
    assert_eq!((statement.payment.captured(), statement.payment.refunded()), (Some(TOTAL), Some(TOTAL)));
    assert!(statement.created_at < statement.updated_at);
}

async fn payments_are_listed_in_chunks(fixture: Fixture) {
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(authorised(&fixture).await);
    }
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let chunk = fixture.store.payments(after, 2).await.unwrap();
        let Some(last) = chunk.last() else { break };
        after = Some(last.order_id);
        listed.extend(chunk.iter().map(|payment| payment.order_id));
    }
    orders.sort();
    assert_eq!(listed, orders);
}

async fn money_beyond_the_bounds_is_refused_by_the_schema(fixture: Fixture) {
    let order = captured(&fixture).await;
    fixture.store.request_refund(message(), order, TOTAL, moment()).await.unwrap();
    let too_much = Money::new(TOTAL.amount + 1, Currency::EUR);
    let refused = fixture.store.record_settlement(order, Settlement::Refunded(too_much), moment()).await;
    assert!(refused.is_err());
    assert_eq!(status(&fixture, order).await, Status::RefundDue);
}

async fn what_comes_at_once_has_each_its_own_effect(fixture: Fixture) {
    let orders: Vec<OrderId> = (0..40).map(|_| OrderId::new()).collect();
    let traces: Vec<TraceContext> = orders.iter().map(|_| TraceContext::root()).collect();
    let amount = |number: usize| Money::new(TOTAL.amount + i64::try_from(number).unwrap(), TOTAL.currency);
    let authorise = |number: usize| {
        let authorisation = match number % 2 {
            0 => Authorisation::Held,
            _ => Authorisation::Declined { reason: format!("no {number}") },
        };
        let (order, now) = (orders[number], moment());
        let record = fixture.store.record_authorisation(message(), order, amount(number), authorisation, now);
        traces[number].scope(record)
    };
    let payments = join_all((0..orders.len()).map(authorise)).await;
    for (number, payment) in payments.into_iter().enumerate() {
        let payment = payment.unwrap().unwrap();
        assert_eq!((payment.order_id, payment.amount), (orders[number], Some(amount(number))));
        assert_eq!(fixture.store.payment(orders[number]).await.unwrap(), Some(payment));
    }
    let messaging = fixture.platform.messaging();
    messaging.hold(Timestamp::now(), Duration::from_secs(60)).await.unwrap();
    let rows = messaging.fetch(0, 1_000).await.unwrap();
    assert_eq!(rows.len(), orders.len());
    for row in rows {
        let number = orders.iter().position(|order| order.0 == row.aggregate).unwrap();
        assert_eq!(row.envelope.unwrap().trace.trace_id(), traces[number].trace_id());
    }

    let cancel = |order: &OrderId| fixture.store.cancel(message(), *order, moment());
    for payment in join_all(orders.iter().map(cancel)).await {
        payment.unwrap().unwrap();
    }
    for timers in [orders.len() / 2, 0] {
        assert_eq!(fixture.timers().await.len(), timers);
        let settle = |order: &OrderId| fixture.store.record_settlement(*order, Settlement::Voided, moment());
        assert!(join_all(orders.iter().map(settle)).await.into_iter().all(|settled| settled.is_ok()));
    }
    for (number, order) in orders.iter().enumerate() {
        let statement = fixture.store.statement(*order).await.unwrap().unwrap();
        let history: Vec<_> =
            statement.history.iter().map(|entry| (entry.operation, entry.outcome)).collect();
        let held = [
            (Operation::Authorise, Outcome::Held),
            (Operation::Void, Outcome::Requested),
            (Operation::Void, Outcome::Voided),
        ];
        let expected = if number % 2 == 0 { &held[..] } else { &[(Operation::Authorise, Outcome::Declined)] };
        assert_eq!(history, expected);
    }
    // A hold for what was declined: two lines at once, in their order.
    let hold = |order: &OrderId| {
        fixture.store.record_authorisation(message(), *order, TOTAL, Authorisation::Held, moment())
    };
    assert!(join_all(orders.iter().map(hold)).await.into_iter().all(|held| held.is_ok()));
    for order in orders {
        let statement = fixture.store.statement(order).await.unwrap().unwrap();
        let outcomes: Vec<_> = statement.history.iter().map(|entry| entry.outcome).collect();
        assert!(outcomes.ends_with(&[Outcome::Held, Outcome::Requested]), "{outcomes:?}");
    }
}

async fn what_is_refused_among_others_leaves_no_trace(fixture: Fixture) {
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(authorised(&fixture).await);
    }
    let (early, unknown) = (message(), OrderId::new());
    let confirm = |order: &OrderId| fixture.store.confirm(message(), *order, TOTAL, moment());
    let (confirmed, refused, corrupt) = tokio::join!(
        join_all(orders.iter().map(confirm)),
        fixture.store.confirm(early, unknown, TOTAL, moment()),
        fixture.store.record_settlement(OrderId::new(), Settlement::Voided, moment()),
    );
    assert!(matches!(refused, Err(RequestError::Refused(Refusal::NotAuthorised))), "{refused:?}");
    assert!(matches!(corrupt, Err(StoreError::Failed(_))), "{corrupt:?}");
    assert!(confirmed.into_iter().all(|payment| payment.unwrap().unwrap().status == Status::CaptureDue));
    assert_eq!(fixture.timers().await.len(), orders.len());
    assert_eq!(fixture.answers().await.len(), orders.len());
    fixture
        .store
        .record_authorisation(message(), unknown, TOTAL, Authorisation::Held, moment())
        .await
        .unwrap();
    let payment = fixture.store.confirm(early, unknown, TOTAL, moment()).await.unwrap().unwrap();
    assert_eq!(payment.status, Status::CaptureDue);
    // And once more: it is not new.
    let payment = fixture.store.confirm(early, unknown, TOTAL, moment()).await.unwrap().unwrap();
    assert_eq!(payment.status, Status::CaptureDue);
}
