//! Writes a [`Change`]: the payment, its history, its timer and what the checkout is told, all in one trip.

use contracts::{
    OrderId, Timestamp,
    events::{PaymentAuthorised, PaymentCaptured, PaymentDeclined, PaymentRefunded},
};
use futures::try_join;
use platform::{
    outbox::postgres::enqueue,
    store::{StoreError, postgres::Transaction},
    timers::{self, Timer},
};

use super::rows;
use crate::{
    domain::{Answer, Change, Payment},
    store::{Moment, SETTLE},
};

/// Writes `change` over `current`, whose order is locked.
///
/// # Returns
/// The payment as it stands then.
pub(super) async fn apply(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    current: Option<Payment>,
    change: Change,
    moment: Moment,
) -> Result<Option<Payment>, StoreError> {
    let Change { to, notes, answer } = change;
    let write = async {
        match &to {
            Some(to) => rows::write(transaction, to, &notes, moment.now).await,
            None => Ok(()),
        }
    };
    let schedule = async {
        match &to {
            Some(to) => schedule(transaction, current.as_ref(), to, moment).await,
            None => Ok(()),
        }
    };
    let announce = async {
        match answer {
            Some(answer) => announce(transaction, order_id, answer, moment.now).await,
            None => Ok(()),
        }
    };
    try_join!(write, schedule, announce)?;
    Ok(to.or(current))
}

/// Sets or clears the timer, if what is owed has become something else.
async fn schedule(
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
        None => timers::postgres::clear(transaction, SETTLE, subject).await,
        Some(_) => {
            let timer = Timer { kind: SETTLE.to_owned(), subject, attempt: 0, due_at: moment.retry_at };
            timers::postgres::set(transaction, &timer).await
        }
    }
}

/// Puts the event that `answer` is into the outbox.
pub(super) async fn announce(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    answer: Answer,
    now: Timestamp,
) -> Result<(), StoreError> {
    match answer {
        Answer::Authorised(amount) => {
            enqueue(transaction, &PaymentAuthorised { order_id, amount }, now).await
        }
        Answer::Declined(reason) => enqueue(transaction, &PaymentDeclined { order_id, reason }, now).await,
        Answer::Captured(amount) => enqueue(transaction, &PaymentCaptured { order_id, amount }, now).await,
        Answer::Refunded(amount) => enqueue(transaction, &PaymentRefunded { order_id, amount }, now).await,
    }
}
