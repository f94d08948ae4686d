//! The rules of the sandbox's books. What they say holds in every store; the schema only backs them.

use contracts::{Money, OrderId};
use thiserror::Error;

use super::Entered;
use crate::domain::{CANCELLED, Operation};

/// What the books say about one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Which order.
    pub order_id: OrderId,
    /// How often money was held for it: the rules allow once.
    pub holds: u32,
    /// How much was held, if any was.
    pub held: Option<Money>,
    /// How often some of it was captured: a hold of nothing can be captured, too.
    pub captures: u32,
    /// Minor units of it that were captured.
    pub captured: i64,
    /// Minor units of those that went back.
    pub refunded: i64,
    /// Whether it was voided: then nothing is held, and nothing will be.
    pub voided: bool,
}

/// What the sandbox is asked to write down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// To hold this much.
    Hold(Money),
    /// Not to hold this much, and why.
    Decline(Money, String),
    /// To capture this much of the hold.
    Capture(Money),
    /// To let go of the hold.
    Void,
    /// To give this much of what was captured back.
    Refund(Money),
}

/// Why the sandbox will not do it. Nothing is written, so that the key can still be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A key is for one question only.
    #[error("the key was used for another question")]
    KeyReused,
    /// One hold an order.
    #[error("the order has its hold already")]
    HeldAlready,
    /// There is nothing to take from.
    #[error("nothing is held for the order")]
    NothingHeld,
    /// There is nothing left to take from.
    #[error("the hold was voided")]
    Voided,
    /// There is less of it, or it is in another currency.
    #[error("there is not that much left of it")]
    TooMuch,
    /// What was captured can only be refunded.
    #[error("the hold was captured")]
    Captured(Money),
}

impl Request {
    /// Which operation it is.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Hold(_) | Self::Decline(..) => Operation::Authorise,
            Self::Capture(_) => Operation::Capture,
            Self::Void => Operation::Void,
            Self::Refund(_) => Operation::Refund,
        }
    }

    /// How much it is about; a void is always about all.
    #[must_use]
    pub const fn amount(&self) -> Option<Money> {
        match self {
            Self::Hold(amount) | Self::Decline(amount, _) | Self::Capture(amount) | Self::Refund(amount) => {
                Some(*amount)
            }
            Self::Void => None,
        }
    }
}

impl Account {
    /// The account of an order of which the books say nothing.
    #[must_use]
    pub const fn empty(order_id: OrderId) -> Self {
        Self { order_id, holds: 0, held: None, captures: 0, captured: 0, refunded: 0, voided: false }
    }

    /// Money that is held for the order and neither captured nor let go. What is left of a hold after a capture of
    /// less is not held any longer.
    #[must_use]
    pub fn still_held(&self) -> Option<Money> {
        self.held.filter(|_| !self.voided && self.captures == 0)
    }

    /// What is written for `request`.
    ///
    /// # Errors
    /// [`Refusal`]: nothing is.
    pub fn decide(&self, request: Request) -> Result<Entered, Refusal> {
        match request {
            Request::Hold(_) | Request::Decline(..) if self.held.is_some() => Err(Refusal::HeldAlready),
            Request::Hold(_) if self.voided => Ok(Entered::Declined(CANCELLED.to_owned())),
            Request::Hold(amount) if amount.amount < 0 => Err(Refusal::TooMuch),
            Request::Hold(_) => Ok(Entered::Held),
            Request::Decline(_, reason) => Ok(Entered::Declined(reason)),
            Request::Capture(amount) => self.capture(amount),
            Request::Void => self.void(),
            Request::Refund(amount) => self.refund(amount),
        }
    }

    fn capture(&self, amount: Money) -> Result<Entered, Refusal> {
        let held = self.held.ok_or(Refusal::NothingHeld)?;
        if self.voided {
            return Err(Refusal::Voided);
        }
        fits(amount, Money::new(held.amount - self.captured, held.currency))?;
        Ok(Entered::Captured)
    }

    fn void(&self) -> Result<Entered, Refusal> {
        match self.held {
            Some(held) if self.captures > 0 => {
                Err(Refusal::Captured(Money::new(self.captured, held.currency)))
            }
            _ => Ok(Entered::Voided),
        }
    }

    fn refund(&self, amount: Money) -> Result<Entered, Refusal> {
        let held = self.held.ok_or(Refusal::NothingHeld)?;
        fits(amount, Money::new(self.captured - self.refunded, held.currency))?;
        Ok(Entered::Refunded)
    }
}

fn fits(amount: Money, left: Money) -> Result<(), Refusal> {
    let fits = amount.currency == left.currency && (0..=left.amount).contains(&amount.amount);
    fits.then_some(()).ok_or(Refusal::TooMuch)
}

#[cfg(test)]
mod tests {
    use contracts::Currency;

    use super::*;

    const fn euros(amount: i64) -> Money {
        Money::new(amount, Currency::EUR)
    }

    fn held() -> Account {
        Account { holds: 1, held: Some(euros(100)), ..Account::empty(OrderId::new()) }
    }

    #[test]
    fn no_more_is_captured_than_is_held_and_no_more_refunded_than_captured() {
        let captured = Account { captures: 1, captured: 60, ..held() };
        assert_eq!(captured.decide(Request::Capture(euros(41))), Err(Refusal::TooMuch));
        assert_eq!(captured.decide(Request::Capture(euros(40))), Ok(Entered::Captured));
        assert_eq!(captured.decide(Request::Refund(euros(61))), Err(Refusal::TooMuch));
        assert_eq!(captured.decide(Request::Refund(euros(60))), Ok(Entered::Refunded));
        assert_eq!(captured.decide(Request::Refund(euros(-1))), Err(Refusal::TooMuch));
        let dollars = Money::new(1, "USD".parse().unwrap());
        assert_eq!(captured.decide(Request::Refund(dollars)), Err(Refusal::TooMuch));
    }

    #[test]
    fn an_order_is_voided_before_or_after_its_hold_but_not_after_its_capture() {
        let voided = Account { voided: true, ..Account::empty(OrderId::new()) };
        assert_eq!(voided.decide(Request::Hold(euros(1))), Ok(Entered::Declined(CANCELLED.to_owned())));
        let voided = Account { voided: true, ..held() };
        assert_eq!(voided.decide(Request::Capture(euros(1))), Err(Refusal::Voided));
        assert_eq!(held().decide(Request::Void), Ok(Entered::Voided));
        let captured = Account { captures: 1, captured: 100, ..held() };
        assert_eq!(captured.decide(Request::Void), Err(Refusal::Captured(euros(100))));
    }

    #[test]
    fn an_order_is_held_for_once() {
        assert_eq!(held().decide(Request::Hold(euros(1))), Err(Refusal::HeldAlready));
    }
}
