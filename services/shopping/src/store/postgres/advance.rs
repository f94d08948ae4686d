//! Letting something happen to an order: one trip to lock it and look, one to write what follows.

use contracts::{
    OrderId, Timestamp,
    events::{
        OrderAuthorised, OrderCancelled, OrderConfirmed, OrderDeclined, OrderRefundRequested, OrderReserved,
    },
    rpc::OrderStatus,
};
use futures::{future::try_join_all, try_join};
use platform::{
    inbox,
    outbox::postgres::enqueue,
    store::{
        StoreError,
        postgres::{Transaction, moment},
    },
    timers,
};

use super::{orders, place};
use crate::{
    checkout::{self, Input, Message, Step, TimerChange},
    domain::Order,
    store::{Advanced, Cause},
};

pub(super) async fn advance(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    cause: &Cause,
    input: &Input,
    now: Timestamp,
) -> Result<Advanced, StoreError> {
    // The order is locked first, whatever the cause: a message would lock it before its timer, and the timer after itself.
    let (order, counts) = try_join!(orders::lock(transaction, order_id), counts(transaction, cause, now))?;
    if !counts {
        return Ok(Advanced::Before);
    }
    let Some(order) = order else {
        return match cause {
            // Fails the transaction, and with it the inbox row: the message is to become a dead letter.
            Cause::Message(_) => Err(StoreError::corrupt(format!("there is no order {order_id}"))),
            _ => Ok(Advanced::NotFound),
        };
    };
    if let Cause::Customer(customer_id) = cause
        && order.customer_id != Some(*customer_id)
    {
        return Ok(Advanced::NotFound);
    }
    match checkout::advance(&order, input) {
        Ok(step) => {
            transaction.end_with(apply(transaction, &order, &step, now)).await?;
            Ok(Advanced::Now(step.status))
        }
        Err(refusal) => Ok(Advanced::Refused(refusal)),
    }
}

/// Whether `cause` counts: a message that is new, a timer that still stands.
async fn counts(transaction: &Transaction<'_>, cause: &Cause, now: Timestamp) -> Result<bool, StoreError> {
    match cause {
        Cause::Message(received) => inbox::postgres::is_new(transaction, *received, now).await,
        Cause::Timer(timer) => timers::postgres::stands(transaction, timer).await,
        Cause::Customer(_) | Cause::Staff => Ok(true),
    }
}

/// Records `step` of `order`, which is locked, and tells the others: all in one trip.
pub(super) async fn apply(
    transaction: &Transaction<'_>,
    order: &Order,
    step: &Step,
    now: Timestamp,
) -> Result<(), StoreError> {
    let messages = step.messages.iter().map(|message| tell(transaction, order, *message, now));
    try_join!(
        record(transaction, order, step, now),
        change_timer(transaction, order, step, now),
        try_join_all(messages),
    )?;
    Ok(())
}

async fn record(
    transaction: &Transaction<'_>,
    order: &Order,
    step: &Step,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(note) = &step.note else { return Ok(()) };
    // Once its owner is gone, an address is kept only for a parcel that is still to arrive.
    let keep_address =
        order.customer_id.is_some() || matches!(step.status, OrderStatus::Confirmed | OrderStatus::Shipped);
    transaction
        .execute(
            "WITH stepped AS (
                UPDATE orders SET status = $2, reason = coalesce($3, reason), captured = $4, refund_requested = $5,
                    updated_at = $6, address = CASE WHEN $7 THEN address END
                WHERE id = $1)
             INSERT INTO order_timeline (order_id, number, at, status, note)
             SELECT $1, coalesce(max(number), 0) + 1, $6, $2, $8 FROM order_timeline WHERE order_id = $1",
            &[
                &order.id.0,
                &step.status.as_str(),
                &step.reason,
                &step.captured,
                &step.refund_requested,
                &moment(now),
                &keep_address,
                note,
            ],
        )
        .await?;
    Ok(())
}

async fn change_timer(
    transaction: &Transaction<'_>,
    order: &Order,
    step: &Step,
    now: Timestamp,
) -> Result<(), StoreError> {
    match step.timer {
        TimerChange::Keep => Ok(()),
        TimerChange::Set(attempt) => {
            timers::postgres::set(transaction, &place::timer(order.id, step.status, attempt, now)).await
        }
        TimerChange::Clear => timers::postgres::clear(transaction, checkout::TIMER, order.id.0).await,
    }
}

async fn tell(
    transaction: &Transaction<'_>,
    order: &Order,
    message: Message,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (order_id, total) = (order.id, order.total);
    match message {
        Message::Placed => enqueue(transaction, &place::placed(order), now).await,
        Message::Reserved => {
            let payment_token = order.payment_token.clone();
            enqueue(transaction, &OrderReserved { order_id, total, payment_token }, now).await
        }
        Message::Authorised => enqueue(transaction, &OrderAuthorised { order_id }, now).await,
        Message::Confirmed => enqueue(transaction, &OrderConfirmed { order_id, total }, now).await,
        Message::Declined => enqueue(transaction, &OrderDeclined { order_id }, now).await,
        Message::Cancelled => enqueue(transaction, &OrderCancelled { order_id }, now).await,
        Message::RefundRequested => {
            enqueue(transaction, &OrderRefundRequested { order_id, total }, now).await
        }
    }
}
