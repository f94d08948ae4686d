//! A payment, and what the messages of a checkout do to it.
//!
//! Each may come late, again, or before the one that it follows. A cancellation holds whatever comes after it.

use contracts::{Money, OrderId};
use thiserror::Error;

use super::{Answer, Change, Operation, Outcome, Status};
use crate::provider::Authorisation;

/// Why a payment for a cancelled order is declined, in words for the customer.
pub const CANCELLED: &str = "the order was cancelled";
/// Why a payment that was refunded is declined, in words for the customer.
pub const GIVEN_BACK: &str = "the money was given back";

/// The payment of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// For which order. There is one payment for each.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: Status,
    /// How much was asked for. `None` if the cancellation came first.
    pub amount: Option<Money>,
    /// Minor units that became ours.
    pub captured: i64,
    /// Minor units of those that went back.
    pub refunded: i64,
    /// Why it was declined.
    pub reason: Option<String>,
}

/// Why a step cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The message has overtaken the one that it follows.
    #[error("the payment is not authorised yet")]
    NotAuthorised,
    /// The message has overtaken the one that it follows.
    #[error("the payment is not captured yet")]
    NotCaptured,
    /// The money is as good as ours: once the provider has said so, the step can be taken.
    #[error("the payment is being captured")]
    BeingCaptured,
    /// There is no money in it.
    #[error("the payment was {0}: there is nothing to capture or to refund")]
    NoMoney(Status),
    /// Somebody is wrong about what is owed, and money does not move until it is known who.
    #[error("the payment is over another amount than the order")]
    OtherAmount,
}

impl Payment {
    fn new(order_id: OrderId, status: Status, amount: Option<Money>) -> Self {
        Self { order_id, status, amount, captured: 0, refunded: 0, reason: None }
    }

    /// The same payment, standing at `status`.
    pub(super) fn at(self, status: Status) -> Self {
        Self { status, ..self }
    }

    /// What has become ours, counting what went back since. `None` if no amount was ever named.
    #[must_use]
    pub fn captured(&self) -> Option<Money> {
        self.amount.map(|amount| Money::new(self.captured, amount.currency))
    }

    /// What went back. `None` if no amount was ever named.
    #[must_use]
    pub fn refunded(&self) -> Option<Money> {
        self.amount.map(|amount| Money::new(self.refunded, amount.currency))
    }

    /// What is answered when it is asked for again. `None` if it was captured without ever having been asked for,
    /// which nothing does.
    #[must_use]
    pub fn standing_answer(&self) -> Option<Answer> {
        match self.status {
            Status::Authorised | Status::CaptureDue | Status::Captured => self.amount.map(Answer::Authorised),
            Status::Declined | Status::VoidDue | Status::Voided => {
                Some(Answer::Declined(self.reason.clone().unwrap_or_else(|| CANCELLED.to_owned())))
            }
            Status::RefundDue | Status::Refunded => Some(Answer::Declined(GIVEN_BACK.to_owned())),
        }
    }

    /// The provider has said what it makes of `amount` for the order. What stood here when it was asked may have
    /// changed since: money that it holds for an order that was cancelled meanwhile has to be let go again.
    #[must_use]
    pub fn authorised(
        current: Option<Self>,
        order_id: OrderId,
        amount: Money,
        authorisation: Authorisation,
    ) -> Change {
        match (current, authorisation) {
            (None, Authorisation::Held) => Change::to(Self::new(order_id, Status::Authorised, Some(amount)))
                .noting(Operation::Authorise, Outcome::Held)
                .answering(Answer::Authorised(amount)),
            (None, Authorisation::Declined { reason }) => {
                let declined = Self::new(order_id, Status::Declined, Some(amount));
                Change::to(Self { reason: Some(reason.clone()), ..declined })
                    .noting(Operation::Authorise, Outcome::Declined)
                    .answering(Answer::Declined(reason))
            }
            (Some(payment), Authorisation::Held) if payment.holds_nothing() => {
                let answer = payment.standing_answer();
                let amount = payment.amount.or(Some(amount));
                let due = Change::to(Self { amount, ..payment }.at(Status::VoidDue))
                    .noting(Operation::Authorise, Outcome::Held)
                    .noting(Operation::Void, Outcome::Requested);
                Change { answer, ..due }
            }
            (Some(payment), _) => Change { answer: payment.standing_answer(), ..Change::default() },
        }
    }

    const fn holds_nothing(&self) -> bool {
        matches!(self.status, Status::Declined | Status::VoidDue | Status::Voided)
    }

    /// The order was cancelled. Where nothing is known of a payment, the provider may have been asked for one all the
    /// same, or may yet be: it is told in any case.
    #[must_use]
    pub fn cancelled(current: Option<Self>, order_id: OrderId) -> Change {
        let Some(payment) = current else {
            return Change::to(Self::new(order_id, Status::VoidDue, None))
                .noting(Operation::Void, Outcome::Requested);
        };
        match payment.status {
            // What is being captured is let go if there is still time, and given back if there is not.
            Status::Authorised | Status::CaptureDue => {
                Change::to(payment.at(Status::VoidDue)).noting(Operation::Void, Outcome::Requested)
            }
            Status::Captured => {
                Change::to(payment.at(Status::RefundDue)).noting(Operation::Refund, Outcome::Requested)
            }
            Status::Declined | Status::VoidDue | Status::Voided | Status::RefundDue | Status::Refunded => {
                Change::default()
            }
        }
    }

    /// The order stands: what is held becomes ours.
    ///
    /// # Errors
    /// [`Refusal`] if it was never held, or is not `total`.
    pub fn confirmed(current: Option<Self>, total: Money) -> Result<Change, Refusal> {
        let payment = current.ok_or(Refusal::NotAuthorised)?;
        match payment.status {
            Status::Declined => Err(Refusal::NoMoney(payment.status)),
            // Staff called the order off, and that was heard of first.
            Status::VoidDue | Status::Voided => Ok(Change::default()),
            _ if payment.amount != Some(total) => Err(Refusal::OtherAmount),
            Status::Authorised => {
                Ok(Change::to(payment.at(Status::CaptureDue)).noting(Operation::Capture, Outcome::Requested))
            }
            Status::CaptureDue => Ok(Change::default()),
            Status::Captured | Status::RefundDue | Status::Refunded => {
                Ok(Change::only(Answer::Captured(total)))
            }
        }
    }

    /// Staff gave the money back.
    ///
    /// # Errors
    /// [`Refusal`] if it is not ours, or is not `total`.
    pub fn refund_requested(current: Option<Self>, total: Money) -> Result<Change, Refusal> {
        let payment = current.ok_or(Refusal::NotCaptured)?;
        match payment.status {
            Status::Declined | Status::VoidDue | Status::Voided => Err(Refusal::NoMoney(payment.status)),
            Status::Authorised => Err(Refusal::NotCaptured),
            Status::CaptureDue => Err(Refusal::BeingCaptured),
            _ if payment.amount != Some(total) => Err(Refusal::OtherAmount),
            Status::Captured => {
                Ok(Change::to(payment.at(Status::RefundDue)).noting(Operation::Refund, Outcome::Requested))
            }
            Status::RefundDue => Ok(Change::default()),
            Status::Refunded => Ok(Change::only(Answer::Refunded(total))),
        }
    }
}

#[cfg(test)]
mod tests {
    use contracts::Currency;

    use super::*;

    const TOTAL: Money = Money::new(1_250, Currency::EUR);

    fn payment(status: Status) -> Payment {
        Payment::new(OrderId::new(), status, Some(TOTAL))
    }

    #[test]
    fn a_hold_for_an_order_that_was_cancelled_meanwhile_is_let_go() {
        let tombstone = Payment::new(OrderId::new(), Status::Voided, None);
        let change =
            Payment::authorised(Some(tombstone.clone()), tombstone.order_id, TOTAL, Authorisation::Held);
        let to = change.to.unwrap();
        assert_eq!((to.status, to.amount), (Status::VoidDue, Some(TOTAL)));
        assert_eq!(change.answer, Some(Answer::Declined(CANCELLED.to_owned())));
    }

    #[test]
    fn a_cancellation_gives_back_what_was_captured_and_lets_go_of_what_was_not() {
        for (from, to) in [
            (Status::Authorised, Status::VoidDue),
            (Status::CaptureDue, Status::VoidDue),
            (Status::Captured, Status::RefundDue),
        ] {
            let payment = payment(from);
            let order = payment.order_id;
            assert_eq!(Payment::cancelled(Some(payment), order).to.unwrap().status, to);
        }
        assert_eq!(Payment::cancelled(None, OrderId::new()).to.unwrap().status, Status::VoidDue);
    }

    #[test]
    fn nothing_is_captured_once_the_order_is_cancelled() {
        for status in [Status::VoidDue, Status::Voided] {
            assert_eq!(Payment::confirmed(Some(payment(status)), TOTAL), Ok(Change::default()));
        }
        let refused = Payment::confirmed(Some(payment(Status::Declined)), TOTAL);
        assert_eq!(refused, Err(Refusal::NoMoney(Status::Declined)));
    }

    #[test]
    fn another_amount_than_was_authorised_is_not_captured() {
        let other = Money::new(1_251, Currency::EUR);
        assert_eq!(Payment::confirmed(Some(payment(Status::Authorised)), other), Err(Refusal::OtherAmount));
    }

    #[test]
    fn a_refund_waits_for_the_capture() {
        let refused = |payment| Payment::refund_requested(payment, TOTAL).unwrap_err();
        assert_eq!(refused(None), Refusal::NotCaptured);
        assert_eq!(refused(Some(payment(Status::Authorised))), Refusal::NotCaptured);
        assert_eq!(refused(Some(payment(Status::CaptureDue))), Refusal::BeingCaptured);
    }
}
