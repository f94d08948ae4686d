//! Letting something happen to orders: one trip to lock them and look, one to write what follows.

use std::{collections::HashMap, iter::zip, time::SystemTime};

use contracts::{
    OrderId, Timestamp,
    events::{
        OrderAuthorised, OrderCancelled, OrderConfirmed, OrderDeclined, OrderRefundRequested, OrderReserved,
    },
    rpc::OrderStatus,
};
use futures::{future::try_join_all, try_join};
use platform::{
    inbox::{self, Received},
    outbox::postgres::enqueue,
    store::{
        StoreError,
        postgres::{Asked, Transaction, count, moment},
    },
    timers,
};
use uuid::Uuid;

use super::{orders, place};
use crate::{
    checkout::{self, Input, Message, Step, TimerChange},
    domain::{Order, TimelineEntry},
    store::{Advanced, Cause},
};

/// Something that happens to an order.
pub(super) struct Advance {
    pub order_id: OrderId,
    pub cause: Cause,
    pub input: Input,
    pub now: Timestamp,
}

/// A step that an order takes.
pub(super) struct Taken {
    pub order: Order,
    pub step: Step,
    pub at: Timestamp,
}

/// Lets something happen to each of several orders.
pub(super) async fn advance(
    transaction: &Transaction<'_>,
    advances: &[Asked<Advance>],
) -> Result<Vec<(Advanced, Option<TimelineEntry>)>, StoreError> {
    let Some(now) = advances.iter().map(|advance| advance.now).max() else { return Ok(Vec::new()) };
    let ids: Vec<Uuid> = advances.iter().map(|advance| advance.order_id.0).collect();
    let received: Vec<Received> = advances.iter().filter_map(|advance| message(advance)).collect();
    // The orders are locked first, whatever the cause: a message would lock one before its timer, and the timer after itself.
    let (mut orders, new, stand) = try_join!(
        orders::lock(transaction, &ids),
        inbox::postgres::are_new(transaction, &received, now),
        try_join_all(advances.iter().map(|advance| stands(transaction, advance))),
    )?;
    let (mut answers, mut steps) = (Vec::new(), Vec::new());
    for (advance, stands) in advances.iter().zip(stand) {
        if !stands || message(advance).is_some_and(|received| !new.contains(&received.message_id)) {
            answers.push(Advanced::Before);
            continue;
        }
        answers.push(match decide(advance, orders.remove(&advance.order_id))? {
            Ok(taken) => {
                advance.sync_scope(|| taken.tell(transaction));
                let status = taken.step.status;
                steps.push(taken);
                Advanced::Now(status)
            }
            Err(answer) => answer,
        });
    }
    let mut entries = transaction.end_with(record(transaction, &steps)).await?;
    let entries = advances.iter().map(|advance| entries.remove(&advance.order_id));
    Ok(zip(answers, entries).collect())
}

const fn message(advance: &Advance) -> Option<Received> {
    match advance.cause {
        Cause::Message(received) => Some(received),
        _ => None,
    }
}

/// Whether the timer that is the cause, if one is, still stands.
async fn stands(transaction: &Transaction<'_>, advance: &Advance) -> Result<bool, StoreError> {
    match &advance.cause {
        Cause::Timer(timer) => timers::postgres::stands(transaction, timer).await,
        Cause::Message(_) | Cause::Customer(_) | Cause::Staff => Ok(true),
    }
}

/// What follows for an order that is locked, or else why nothing does.
fn decide(advance: &Advance, order: Option<Order>) -> Result<Result<Taken, Advanced>, StoreError> {
    let Some(order) = order else {
        return match advance.cause {
            // Fails the transaction, and with it the inbox row: the message is to become a dead letter.
            Cause::Message(_) => Err(StoreError::corrupt(format!("there is no order {}", advance.order_id))),
            _ => Ok(Err(Advanced::NotFound)),
        };
    };
    if let Cause::Customer(customer_id) = advance.cause
        && order.customer_id != Some(customer_id)
    {
        return Ok(Err(Advanced::NotFound));
    }
    Ok(match checkout::advance(&order, &advance.input) {
        Ok(step) => Ok(Taken { order, step, at: advance.now }),
        Err(refusal) => Err(Advanced::Refused(refusal)),
    })
}

impl Taken {
    /// Has the others told of the step, and its timer set or cleared, with the commit.
    pub fn tell(&self, transaction: &Transaction<'_>) {
        let Self { order, step, at } = self;
        for message in &step.messages {
            tell(transaction, order, *message, *at);
        }
        match step.timer {
            TimerChange::Keep => {}
            TimerChange::Set(attempt) => {
                timers::postgres::set(transaction, place::timer(order.id, step.status, attempt, *at));
            }
            TimerChange::Clear => timers::postgres::clear(transaction, checkout::TIMER, order.id.0),
        }
    }

    /// Once its owner is gone, an address is kept only for a parcel that is still to arrive.
    const fn keeps_address(&self) -> bool {
        self.order.customer_id.is_some()
            || matches!(self.step.status, OrderStatus::Confirmed | OrderStatus::Shipped)
    }
}

/// Records steps of orders that are locked: what they come to, and a line in the timeline of each.
///
/// # Returns
/// What the timelines gained.
pub(super) async fn record(
    transaction: &Transaction<'_>,
    steps: &[Taken],
) -> Result<HashMap<OrderId, TimelineEntry>, StoreError> {
    let steps: Vec<(&Taken, &str)> =
        steps.iter().filter_map(|taken| Some((taken, taken.step.note.as_deref()?))).collect();
    if steps.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = steps.iter().map(|(taken, _)| taken.order.id.0).collect();
    let statuses: Vec<&str> = steps.iter().map(|(taken, _)| taken.step.status.as_str()).collect();
    let reasons: Vec<Option<&str>> = steps.iter().map(|(taken, _)| taken.step.reason.as_deref()).collect();
    let captured: Vec<bool> = steps.iter().map(|(taken, _)| taken.step.captured).collect();
    let refunds: Vec<bool> = steps.iter().map(|(taken, _)| taken.step.refund_requested).collect();
    let times: Vec<SystemTime> = steps.iter().map(|(taken, _)| moment(taken.at)).collect();
    let addresses: Vec<bool> = steps.iter().map(|(taken, _)| taken.keeps_address()).collect();
    let notes: Vec<&str> = steps.iter().map(|(_, note)| *note).collect();
    let rows = transaction
        .query(
            "WITH step AS (
                SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::boolean[],
                    $6::timestamptz[], $7::boolean[], $8::text[])
                AS step (id, status, reason, captured, refund_requested, at, keeps_address, note)),
             stepped AS (
                UPDATE orders SET status = step.status, reason = coalesce(step.reason, orders.reason),
                    captured = step.captured, refund_requested = step.refund_requested, updated_at = step.at,
                    address = CASE WHEN step.keeps_address THEN orders.address END
                FROM step WHERE orders.id = step.id)
             INSERT INTO order_timeline (order_id, number, at, status, note)
             SELECT id, 1 + (SELECT coalesce(max(number), 0) FROM order_timeline WHERE order_id = step.id),
                at, status, note
             FROM step
             RETURNING order_id, number",
            &[&ids, &statuses, &reasons, &captured, &refunds, &times, &addresses, &notes],
        )
        .await?;
    let numbers = rows.iter().map(|row| Ok((row.try_get("order_id")?, count(row, "number")?)));
    let numbers = numbers.collect::<Result<HashMap<Uuid, u32>, StoreError>>()?;
    let entry = |(taken, note): &(&Taken, &str)| {
        let Taken { order, step, at } = taken;
        let number = *numbers.get(&order.id.0)?;
        Some((order.id, TimelineEntry { number, at: *at, status: step.status, note: (*note).to_owned() }))
    };
    Ok(steps.iter().filter_map(entry).collect())
}

fn tell(transaction: &Transaction<'_>, order: &Order, message: Message, now: Timestamp) {
    let (order_id, total) = (order.id, order.total);
    match message {
        Message::Placed => enqueue(transaction, &place::placed(order), now),
        Message::Reserved => {
            let payment_token = order.payment_token.clone();
            enqueue(transaction, &OrderReserved { order_id, total, payment_token }, now);
        }
        Message::Authorised => enqueue(transaction, &OrderAuthorised { order_id }, now),
        Message::Confirmed => enqueue(transaction, &OrderConfirmed { order_id, total }, now),
        Message::Declined => enqueue(transaction, &OrderDeclined { order_id }, now),
        Message::Cancelled => enqueue(transaction, &OrderCancelled { order_id }, now),
        Message::RefundRequested => {
            enqueue(transaction, &OrderRefundRequested { order_id, total }, now);
        }
    }
}
