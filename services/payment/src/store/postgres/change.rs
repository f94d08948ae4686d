//! What goes with a change of a payment: its timer, and what the checkout is told. Both are written with the commit.

use contracts::{
    OrderId, Timestamp,
    events::{PaymentAuthorised, PaymentCaptured, PaymentDeclined, PaymentRefunded},
};
use platform::{
    outbox::postgres::enqueue,
    store::postgres::Transaction,
    timers::{self, Timer},
};

use crate::{
    domain::{Answer, Payment},
    store::{Moment, SETTLE},
};

/// Sets or clears the timer, if what is owed has become something else.
pub(super) fn schedule(transaction: &Transaction<'_>, from: Option<&Payment>, to: &Payment, moment: Moment) {
    let owed = to.owed();
    if from.and_then(Payment::owed) == owed {
        return;
    }
    let subject = to.order_id.0;
    match owed {
        None => timers::postgres::clear(transaction, SETTLE, subject),
        Some(_) => {
            let timer = Timer { kind: SETTLE.to_owned(), subject, attempt: 0, due_at: moment.retry_at };
            timers::postgres::set(transaction, timer);
        }
    }
}

/// Puts the event that `answer` is into the outbox.
pub(super) fn announce(transaction: &Transaction<'_>, order_id: OrderId, answer: Answer, now: Timestamp) {
    match answer {
        Answer::Authorised(amount) => enqueue(transaction, &PaymentAuthorised { order_id, amount }, now),
        Answer::Declined(reason) => enqueue(transaction, &PaymentDeclined { order_id, reason }, now),
        Answer::Captured(amount) => enqueue(transaction, &PaymentCaptured { order_id, amount }, now),
        Answer::Refunded(amount) => enqueue(transaction, &PaymentRefunded { order_id, amount }, now),
    }
}
