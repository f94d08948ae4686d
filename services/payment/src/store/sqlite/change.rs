//! Writes a [`Change`]: the payment, its history, its timer and what the checkout is told.

use contracts::{
    OrderId, Timestamp,
    events::{PaymentAuthorised, PaymentCaptured, PaymentDeclined, PaymentRefunded},
};
use platform::{
    outbox::sqlite::enqueue,
    store::{StoreError, sqlite::Transaction},
    timers::{self, Timer},
};

use super::rows;
use crate::{
    domain::{Answer, Change, Payment},
    store::{Moment, SETTLE},
};

/// Writes `change` over `current`.
///
/// # Returns
/// The payment as it stands then.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    current: Option<Payment>,
    change: Change,
    moment: Moment,
) -> Result<Option<Payment>, StoreError> {
    if let Some(to) = &change.to {
        rows::write(transaction, to, moment.now)?;
        schedule(transaction, current.as_ref(), to, moment)?;
    }
    for note in change.notes {
        rows::note(transaction, order_id, note, moment.now)?;
    }
    if let Some(answer) = change.answer {
        announce(transaction, order_id, answer, moment.now)?;
    }
    Ok(change.to.or(current))
}

/// Sets or clears the timer, if what is owed has become something else.
fn schedule(
    transaction: &Transaction<'_>,
    from: Option<&Payment>,
    to: &Payment,
    moment: Moment,
) -> Result<(), StoreError> {
    let owed = to.owed();
    if from.and_then(Payment::owed) == owed {
        return Ok(());
    }
    let subject = to.order_id.0;
    match owed {
        None => timers::sqlite::clear(transaction, SETTLE, subject),
        Some(_) => {
            let kind = SETTLE.to_owned();
            timers::sqlite::set(transaction, &Timer { kind, subject, attempt: 0, due_at: moment.retry_at })
        }
    }
}

/// Puts the event that `answer` is into the outbox.
pub(super) fn announce(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    answer: Answer,
    now: Timestamp,
) -> Result<(), StoreError> {
    match answer {
        Answer::Authorised(amount) => enqueue(transaction, &PaymentAuthorised { order_id, amount }, now),
        Answer::Declined(reason) => enqueue(transaction, &PaymentDeclined { order_id, reason }, now),
        Answer::Captured(amount) => enqueue(transaction, &PaymentCaptured { order_id, amount }, now),
        Answer::Refunded(amount) => enqueue(transaction, &PaymentRefunded { order_id, amount }, now),
    }
}
