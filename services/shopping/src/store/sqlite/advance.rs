//! Letting something happen to an order.

use contracts::{
    OrderId, Timestamp,
    events::{
        OrderAuthorised, OrderCancelled, OrderConfirmed, OrderDeclined, OrderRefundRequested, OrderReserved,
    },
    rpc::OrderStatus,
};
use platform::{
    inbox,
    outbox::sqlite::enqueue,
    store::{StoreError, sqlite::Transaction},
    timers,
};
use rusqlite::params;

use super::orders;
use crate::{
    checkout::{self, Input, Message, Step, TimerChange},
    domain::{Order, TimelineEntry},
    store::{Advanced, Cause},
};

pub(super) fn advance(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    cause: &Cause,
    input: &Input,
    now: Timestamp,
) -> Result<(Advanced, Option<TimelineEntry>), StoreError> {
    let counts = match cause {
        Cause::Message(received) => inbox::sqlite::is_new(transaction, *received, now)?,
        Cause::Timer(timer) => timers::sqlite::stands(transaction, timer)?,
        Cause::Customer(_) | Cause::Staff => true,
    };
    if !counts {
        return Ok((Advanced::Before, None));
    }
    let Some(order) = orders::find(transaction, order_id)? else {
        return match cause {
            // Fails the transaction, and with it the inbox row: the message is to become a dead letter.
            Cause::Message(_) => Err(StoreError::corrupt(format!("there is no order {order_id}"))),
            _ => Ok((Advanced::NotFound, None)),
        };
    };
    if let Cause::Customer(customer_id) = cause
        && order.customer_id != Some(*customer_id)
    {
        return Ok((Advanced::NotFound, None));
    }
    match checkout::advance(&order, input) {
        Ok(step) => {
            let entry = apply(transaction, &order, &step, now)?;
            Ok((Advanced::Now(step.status), entry))
        }
        Err(refusal) => Ok((Advanced::Refused(refusal), None)),
    }
}

/// Records `step` of `order`, and tells the others.
///
/// # Returns
/// What the order's timeline gained.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    order: &Order,
    step: &Step,
    now: Timestamp,
) -> Result<Option<TimelineEntry>, StoreError> {
    for message in &step.messages {
        tell(transaction, order, *message, now)?;
    }
    match step.timer {
        TimerChange::Keep => {}
        TimerChange::Set(attempt) => {
            timers::sqlite::set(transaction, &orders::timer(order.id, step.status, attempt, now))?;
        }
        TimerChange::Clear => timers::sqlite::clear(transaction, checkout::TIMER, order.id.0)?,
    }
    let Some(note) = &step.note else { return Ok(None) };
    // Once its owner is gone, an address is kept only for a parcel that is still to arrive.
    let keep_address =
        order.customer_id.is_some() || matches!(step.status, OrderStatus::Confirmed | OrderStatus::Shipped);
    transaction
        .prepare_cached(
            "UPDATE orders SET status = ?2, reason = coalesce(?3, reason), captured = ?4, refund_requested = ?5,
                updated_at = ?6, address = iif(?7, address, NULL)
             WHERE id = ?1",
        )?
        .execute(params![
            order.id.0,
            step.status.as_str(),
            step.reason,
            step.captured,
            step.refund_requested,
            now.as_micros(),
            keep_address,
        ])?;
    orders::append(transaction, order.id, step.status, note, now).map(Some)
}

fn tell(
    transaction: &Transaction<'_>,
    order: &Order,
    message: Message,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (order_id, total) = (order.id, order.total);
    match message {
        Message::Placed => enqueue(transaction, &orders::placed(order), now),
        Message::Reserved => {
            let payment_token = order.payment_token.clone();
            enqueue(transaction, &OrderReserved { order_id, total, payment_token }, now)
        }
        Message::Authorised => enqueue(transaction, &OrderAuthorised { order_id }, now),
        Message::Confirmed => enqueue(transaction, &OrderConfirmed { order_id, total }, now),
        Message::Declined => enqueue(transaction, &OrderDeclined { order_id }, now),
        Message::Cancelled => enqueue(transaction, &OrderCancelled { order_id }, now),
        Message::RefundRequested => enqueue(transaction, &OrderRefundRequested { order_id, total }, now),
    }
}
