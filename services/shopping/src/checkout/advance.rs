//! The transition function.

use contracts::rpc::OrderStatus::{
    self, Authorised, Cancelled, Confirmed, Declined, Delivered, Pending, Refunded, Rejected, Reserved,
    Shipped,
};

use super::{
    Input, Message, Refusal, Step, TimerChange,
    patience::{BEFORE_GIVING_UP, BEFORE_UNDOING},
};
use crate::domain::Order;

/// What follows when `input` happens to `order`. An input that is late, repeated or out of order changes nothing, or
/// undoes what it tells of.
///
/// # Errors
/// [`Refusal`] for what a person asked and cannot have; never for what a service or a timer says.
pub fn advance(order: &Order, input: &Input) -> Result<Step, Refusal> {
    match order.status {
        Pending | Reserved | Authorised => match input {
            Input::Ship => Err(Refusal::NotConfirmed),
            Input::Deliver => Err(Refusal::NotShipped),
            Input::Refund => Err(Refusal::NotPaid),
            _ => Ok(checking_out(order, input)),
        },
        Confirmed | Shipped | Delivered => paid(order, input),
        Rejected | Declined | Cancelled | Refunded => ended(order, input),
    }
}

fn checking_out(order: &Order, input: &Input) -> Step {
    match (order.status, input) {
        (Pending, Input::StockReserved) => next(order, Reserved, Message::Reserved, "The stock is reserved."),
        (Pending, Input::StockRefused(shortages)) => {
            let reason = if shortages.is_empty() { "sold out" } else { "not enough in stock" };
            end(order, Rejected, None, reason)
        }
        (Reserved, Input::PaymentAuthorised) => {
            next(order, Authorised, Message::Authorised, "The payment is authorised.")
        }
        (Reserved, Input::PaymentDeclined(reason)) => end(order, Declined, Some(Message::Declined), reason),
        (Authorised, Input::StockCommitted) => {
            next(order, Confirmed, Message::Confirmed, "The order is confirmed.")
        }
        (_, Input::StockExpired) => cancel(order, "the reservation expired"),
        (_, Input::Cancel) => cancel(order, "cancelled by the customer"),
        (_, Input::CustomerDeleted) => cancel(order, "the customer's account was deleted"),
        (status, Input::TimedOut(attempt)) if *attempt < BEFORE_UNDOING => {
            ask_again(order, request_of(status), *attempt)
        }
        (Pending, Input::TimedOut(_)) => cancel(order, "the stock could not be reserved in time"),
        (Reserved, Input::TimedOut(_)) => cancel(order, "the payment could not be authorised in time"),
        (_, Input::TimedOut(_)) => cancel(order, "the order could not be confirmed in time"),
        _ => nothing(order),
    }
}

fn paid(order: &Order, input: &Input) -> Result<Step, Refusal> {
    Ok(match (order.status, input) {
        (_, Input::PaymentCaptured) if !order.captured => Step {
            captured: true,
            // A refund that was asked for keeps its timer.
            timer: if order.refund_requested { TimerChange::Keep } else { TimerChange::Clear },
            ..told(order, "The payment is captured.")
        },
        (_, Input::PaymentRefunded) if order.refund_requested => {
            Step { status: Refunded, timer: TimerChange::Clear, ..told(order, "The payment is refunded.") }
        }
        (_, Input::TimedOut(attempt)) => overdue(order, *attempt),
        (_, Input::Cancel) => return Err(Refusal::TooLateToCancel),
        (Confirmed, Input::Ship) => Step { status: Shipped, ..told(order, "The order is on its way.") },
        (Shipped | Delivered, Input::Ship) | (Delivered, Input::Deliver) => nothing(order),
        (Shipped, Input::Deliver) => Step { status: Delivered, ..told(order, "The order was delivered.") },
        (_, Input::Deliver) => return Err(Refusal::NotShipped),
        // Asked for again by somebody: perhaps because the first request was given up.
        (_, Input::Refund) if order.refund_requested => {
            Step { messages: vec![Message::RefundRequested], timer: TimerChange::Set(1), ..nothing(order) }
        }
        (_, Input::Refund) if !order.captured => return Err(Refusal::NotCaptured),
        (_, Input::Refund) => Step {
            refund_requested: true,
            messages: vec![Message::RefundRequested],
            timer: TimerChange::Set(1),
            ..told(order, "A refund is on its way.")
        },
        _ => nothing(order),
    })
}

fn ended(order: &Order, input: &Input) -> Result<Step, Refusal> {
    match input {
        // Something was done after all, for an order that no longer wants it.
        Input::StockReserved | Input::StockCommitted | Input::PaymentAuthorised
            if order.status != Refunded =>
        {
            Ok(Step { messages: vec![Message::Cancelled], ..nothing(order) })
        }
        Input::Cancel if order.status == Cancelled => Ok(nothing(order)),
        Input::Cancel => Err(Refusal::TooLateToCancel),
        Input::Ship => Err(Refusal::NotConfirmed),
        Input::Deliver => Err(Refusal::NotShipped),
        Input::Refund if order.status == Refunded => Ok(nothing(order)),
        Input::Refund => Err(Refusal::NotPaid),
        _ => Ok(nothing(order)),
    }
}

/// The answer to a capture or to a refund is overdue. Neither can be undone, so it is asked for until a person looks.
fn overdue(order: &Order, attempt: u32) -> Step {
    let (request, given_up) = match (order.captured, order.refund_requested) {
        (false, _) => (Message::Confirmed, "The payment is not captured yet; somebody has to look at it."),
        (true, true) => {
            (Message::RefundRequested, "The payment is not refunded yet; somebody has to look at it.")
        }
        (true, false) => return Step { timer: TimerChange::Clear, ..nothing(order) },
    };
    if attempt < BEFORE_GIVING_UP {
        return ask_again(order, request, attempt);
    }
    Step { timer: TimerChange::Clear, ..told(order, given_up) }
}

/// The message that the present step waits for an answer to.
const fn request_of(status: OrderStatus) -> Message {
    match status {
        Pending => Message::Placed,
        Reserved => Message::Reserved,
        _ => Message::Authorised,
    }
}

fn nothing(order: &Order) -> Step {
    Step {
        status: order.status,
        reason: None,
        captured: order.captured,
        refund_requested: order.refund_requested,
        messages: Vec::new(),
        timer: TimerChange::Keep,
        note: None,
    }
}

fn told(order: &Order, note: &str) -> Step {
    Step { note: Some(note.to_owned()), ..nothing(order) }
}

fn next(order: &Order, status: OrderStatus, message: Message, note: &str) -> Step {
    Step { status, messages: vec![message], timer: TimerChange::Set(1), ..told(order, note) }
}

fn ask_again(order: &Order, message: Message, attempt: u32) -> Step {
    Step { messages: vec![message], timer: TimerChange::Set(attempt + 1), ..nothing(order) }
}

fn end(order: &Order, status: OrderStatus, message: Option<Message>, reason: &str) -> Step {
    let note = format!("The order was not taken: {reason}.");
    Step {
        status,
        reason: Some(reason.to_owned()),
        messages: message.into_iter().collect(),
        timer: TimerChange::Clear,
        ..told(order, &note)
    }
}

fn cancel(order: &Order, reason: &str) -> Step {
    let note = format!("The order is cancelled: {reason}.");
    Step { note: Some(note), ..end(order, Cancelled, Some(Message::Cancelled), reason) }
}

#[cfg(test)]
mod tests {
    use contracts::{Currency, CustomerId, Money, OrderId, Timestamp};

    use super::*;

    /// The audit takes a note that a timeline has twice for a step that was taken twice.
    #[test]
    fn an_overdue_capture_and_an_overdue_refund_are_told_apart() {
        let capturing = Order {
            id: OrderId::new(),
            customer_id: Some(CustomerId::new()),
            status: Confirmed,
            reason: None,
            lines: Vec::new(),
            total: Money::new(500, Currency::EUR),
            payment_token: "tok_ok".to_owned(),
            address: None,
            captured: false,
            refund_requested: false,
            placed_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
        };
        let refunding = Order { captured: true, refund_requested: true, ..capturing.clone() };
        let note = |order| advance(order, &Input::TimedOut(BEFORE_GIVING_UP)).unwrap().note.unwrap();
        assert_ne!(note(&capturing), note(&refunding));
    }
}
