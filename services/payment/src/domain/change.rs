//! What a message or an answer of the provider does to a payment.

use contracts::Money;

use super::{Operation, Outcome, Payment};

/// What is to be written, all of it in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The payment as it becomes; `None` if it stays as it is.
    pub to: Option<Payment>,
    /// What its history gains.
    pub notes: Vec<Note>,
    /// What the others are told.
    pub answer: Option<Answer>,
}

/// A line of a payment's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// What the provider was, or is to be, asked.
    pub operation: Operation,
    /// What became of it.
    pub outcome: Outcome,
}

/// What the checkout is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The money is held.
    Authorised(Money),
    /// The provider said no, or was not asked because the order is over. The reason is for the customer.
    Declined(String),
    /// The money is ours.
    Captured(Money),
    /// The money went back.
    Refunded(Money),
}

impl Change {
    /// The payment becomes `to`.
    #[must_use]
    pub fn to(to: Payment) -> Self {
        Self { to: Some(to), ..Self::default() }
    }

    /// Everything stays as it is, and the checkout is told (again) how it stands.
    #[must_use]
    pub fn only(answer: Answer) -> Self {
        Self { answer: Some(answer), ..Self::default() }
    }

    /// With one more line in the history.
    #[must_use]
    pub fn noting(mut self, operation: Operation, outcome: Outcome) -> Self {
        self.notes.push(Note { operation, outcome });
        self
    }

    /// With an answer to the checkout.
    #[must_use]
    pub fn answering(mut self, answer: Answer) -> Self {
        self.answer = Some(answer);
        self
    }
}
