//! What the provider is still to do for a payment, and what follows once it has.

use contracts::Money;

use super::{Answer, Change, Operation, Outcome, Payment, Status};

/// What the provider is still to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    /// To make this much of the hold ours.
    Capture(Money),
    /// To let go of whatever it holds.
    Void,
    /// To give this much back.
    Refund(Money),
}

/// What the provider has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The whole hold became ours.
    Captured(Money),
    /// It holds nothing for the order, and will not.
    Voided,
    /// This much went back.
    Refunded(Money),
}

impl Payment {
    /// What the provider is still to do for it.
    #[must_use]
    pub fn owed(&self) -> Option<Owed> {
        match self.status {
            Status::CaptureDue => self.amount.map(Owed::Capture),
            Status::VoidDue => Some(Owed::Void),
            Status::RefundDue => self.captured().map(Owed::Refund),
            Status::Authorised | Status::Declined | Status::Captured | Status::Voided | Status::Refunded => {
                None
            }
        }
    }

    /// The provider has said that something is done. What it was asked for may have changed meanwhile; what it has
    /// done stands all the same, and what is not to stand is undone next.
    #[must_use]
    pub fn settled(self, settlement: Settlement) -> Change {
        match (self.status, settlement) {
            (Status::CaptureDue, Settlement::Captured(amount)) => {
                Change::to(self.holding(amount).at(Status::Captured))
                    .noting(Operation::Capture, Outcome::Captured)
                    .answering(Answer::Captured(amount))
            }
            // The capture was quicker than the cancellation.
            (Status::VoidDue | Status::Voided, Settlement::Captured(amount)) => {
                Change::to(self.holding(amount).at(Status::RefundDue))
                    .noting(Operation::Capture, Outcome::Captured)
                    .noting(Operation::Refund, Outcome::Requested)
            }
            (Status::VoidDue, Settlement::Voided) => {
                Change::to(self.at(Status::Voided)).noting(Operation::Void, Outcome::Voided)
            }
            (Status::RefundDue, Settlement::Refunded(amount)) => {
                Change::to(Self { refunded: amount.amount, ..self }.at(Status::Refunded))
                    .noting(Operation::Refund, Outcome::Refunded)
                    .answering(Answer::Refunded(amount))
            }
            // Another instance was told the same, and has written it down.
            _ => Change::default(),
        }
    }

    fn holding(self, captured: Money) -> Self {
        Self { amount: Some(captured), captured: captured.amount, ..self }
    }
}

#[cfg(test)]
mod tests {
    use contracts::{Currency, OrderId};

    use super::*;

    const TOTAL: Money = Money::new(1_250, Currency::EUR);

    fn payment(status: Status) -> Payment {
        Payment {
            order_id: OrderId::new(),
            status,
            amount: Some(TOTAL),
            captured: 0,
            refunded: 0,
            reason: None,
        }
    }

    #[test]
    fn a_capture_that_was_quicker_than_the_cancellation_is_given_back() {
        let change = payment(Status::VoidDue).settled(Settlement::Captured(TOTAL));
        let refunding = change.to.unwrap();
        assert_eq!(refunding.owed(), Some(Owed::Refund(TOTAL)));
        let change = refunding.settled(Settlement::Refunded(TOTAL));
        assert_eq!(change.answer, Some(Answer::Refunded(TOTAL)));
        let refunded = change.to.unwrap();
        assert_eq!((refunded.captured, refunded.refunded, refunded.owed()), (1_250, 1_250, None));
    }

    #[test]
    fn what_is_heard_twice_is_written_once() {
        let captured = payment(Status::CaptureDue).settled(Settlement::Captured(TOTAL)).to.unwrap();
        assert_eq!(captured.settled(Settlement::Captured(TOTAL)), Change::default());
    }
}
