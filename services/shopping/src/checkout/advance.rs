//! The transition function.

use contracts::{
    events::Shortage,
    rpc::OrderStatus::{
        self, Authorised, Cancelled, Confirmed, Declined, Delivered, Pending, Refunded, Rejected, Reserved,
        Shipped,
    },
};

use super::{
    Input, Message, Refusal, Step, TimerChange,
    patience::{BEFORE_GIVING_UP, BEFORE_UNDOING},
};
use crate::domain::Order;

/// Why an order is cancelled that staff call off.
const CALLED_OFF: &str = "called off by the shop";

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
        (Pending, Input::StockRefused(shortages)) => end(order, Rejected, None, &lacking(order, shortages)),
        (Reserved, Input::PaymentAuthorised) => {
            next(order, Authorised, Message::Authorised, "The payment is authorised.")
        }
        (Reserved, Input::PaymentDeclined(reason)) => end(order, Declined, Some(Message::Declined), reason),
        (Authorised, Input::StockCommitted) => {
            next(order, Confirmed, Message::Confirmed, "The order is confirmed.")
        }
        (_, Input::StockExpired) => cancel(order, "the reservation expired"),
        (_, Input::Cancel) => cancel(order, "cancelled by the customer"),
        (_, Input::CallOff) => cancel(order, CALLED_OFF),
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

/// Why an order is rejected, with the names of the first few products that there is not enough of.
fn lacking(order: &Order, shortages: &[Shortage]) -> String {
    const NAMED: usize = 3;
    let named = shortages.iter().filter_map(|shortage| {
        let line = order.lines.iter().find(|line| line.product_id == shortage.product_id)?;
        Some(format!("{} ({} wanted, {} left)", line.name, shortage.requested, shortage.available))
    });
    let named: Vec<String> = named.take(NAMED).collect();
    match shortages.len().saturating_sub(NAMED) {
        _ if named.is_empty() => "sold out".to_owned(),
        0 => format!("not enough in stock: {}", named.join(", ")),
        more => format!("not enough in stock: {}, and {more} more", named.join(", ")),
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
        (Confirmed, Input::CallOff) if order.captured => return Err(Refusal::Captured),
        // A provider may refuse the capture for good. Should it have made it after all, payment gives the money back.
        (Confirmed, Input::CallOff) => cancel(order, CALLED_OFF),
        (_, Input::CallOff) => return Err(Refusal::TooLateToCancel),
        (Confirmed, Input::Ship) if order.refund_requested => return Err(Refusal::BeingRefunded),
        (Confirmed, Input::Ship) if !order.captured => return Err(Refusal::NotCaptured),
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
        Input::Cancel | Input::CallOff if order.status == Cancelled => Ok(nothing(order)),
        Input::Cancel | Input::CallOff => Err(Refusal::TooLateToCancel),
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
    use contracts::{Currency, CustomerId, Money, OrderId, ProductId, Timestamp};

    use super::*;
    use crate::domain::OrderLine;

    fn order(status: OrderStatus) -> Order {
        let price = Money::new(500, Currency::EUR);
        let line = |name: &str| OrderLine {
            product_id: ProductId::new(),
            name: name.to_owned(),
            price,
            quantity: 5,
        };
        Order {
            id: OrderId::new(),
            customer_id: Some(CustomerId::new()),
            status,
            reason: None,
            lines: ["Cup", "Pot", "Pan", "Lid"].map(line).into(),
            total: Money::new(10_000, Currency::EUR),
            payment_token: "tok_ok".to_owned(),
            address: None,
            captured: false,
            refund_requested: false,
            placed_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn who_is_rejected_is_told_what_there_is_not_enough_of() {
        let order = order(Pending);
        let lacking = |lines: &[OrderLine]| {
            let shortage = |line: &OrderLine| Shortage {
                product_id: line.product_id,
                requested: line.quantity,
                available: 1,
            };
            let refused = Input::StockRefused(lines.iter().map(shortage).collect());
            advance(&order, &refused).unwrap().reason.unwrap()
        };
        assert_eq!(lacking(&[]), "sold out");
        assert_eq!(lacking(&order.lines[..1]), "not enough in stock: Cup (5 wanted, 1 left)");
        let all = lacking(&order.lines);
        assert!(all.ends_with("Pan (5 wanted, 1 left), and 1 more") && !all.contains("Lid"), "{all}");
    }

    #[test]
    fn what_is_being_refunded_is_not_sent_off() {
        let refunding = Order { captured: true, refund_requested: true, ..order(Confirmed) };
        assert_eq!(advance(&refunding, &Input::Ship), Err(Refusal::BeingRefunded));
        let paid = Order { captured: true, ..order(Confirmed) };
        assert_eq!(advance(&paid, &Input::Ship).unwrap().status, Shipped);
    }

    /// The audit takes a note that a timeline has twice for a step that was taken twice.
    #[test]
    fn an_overdue_capture_and_an_overdue_refund_are_told_apart() {
        let capturing = order(Confirmed);
        let refunding = Order { captured: true, refund_requested: true, ..capturing.clone() };
        let note = |order| advance(order, &Input::TimedOut(BEFORE_GIVING_UP)).unwrap().note.unwrap();
        assert_ne!(note(&capturing), note(&refunding));
    }
}
