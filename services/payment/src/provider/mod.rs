//! The company that holds and moves the money: the port, and what can be plugged in.
//!
//! Whoever asks does not always learn what became of it: an answer can be lost after the money moved. So each thing
//! that can be asked has a [`Key`], and asking again with the same key moves nothing and is answered as at first.

mod bounded;
pub mod sandbox;

use std::fmt;

use async_trait::async_trait;
use contracts::{Money, OrderId};
use thiserror::Error;

pub use bounded::Bounded;

use crate::domain::Operation;

/// What tells one question from another: `{order_id}:{operation}`. An order needs each operation once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// The key of `operation` for an order: the same each time it is asked.
    #[must_use]
    pub fn of(order_id: OrderId, operation: Operation) -> Self {
        Self(format!("{order_id}:{operation}"))
    }

    /// The key as the provider sees it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the provider makes of a wish to hold money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorisation {
    /// It holds it.
    Held,
    /// It does not, and will not under this key.
    Declined {
        /// In words for the customer.
        reason: String,
    },
}

/// What the provider found when it was to let go of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voiding {
    /// It holds nothing for the order now, whether or not it did, and declines what may yet come to hold some.
    Voided,
    /// Too late: this much was captured. It can only be refunded.
    Captured(Money),
}

/// Why the provider gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// The answer was lost or came too late: money may have moved, or not. Asking again with the same key tells.
    #[error("it is not known what the provider did: {0}")]
    Unknown(String),
    /// It cannot be asked: nothing has happened.
    #[error("the provider cannot be reached: {0}")]
    Unavailable(String),
    /// It will not do it. Nothing has happened, and asking again will not help.
    #[error("the provider refused: {0}")]
    Refused(String),
}

/// A payment provider. Every method is idempotent by its key: the same key again gives the same answer and moves no
/// money. An error under a key does not use it up.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// Holds `amount` of what `token` stands for, unless the order has been voided before.
    ///
    /// # Errors
    /// [`ProviderError`].
    async fn authorise(
        &self,
        key: &Key,
        order_id: OrderId,
        amount: Money,
        token: &str,
    ) -> Result<Authorisation, ProviderError>;

    /// Takes `amount` out of what is held.
    ///
    /// # Errors
    /// [`ProviderError`]; refused if less is held, or if the hold was voided.
    async fn capture(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<(), ProviderError>;

    /// Lets go of what is held for the order. If nothing is, nothing ever will be.
    ///
    /// # Errors
    /// [`ProviderError`].
    async fn void(&self, key: &Key, order_id: OrderId) -> Result<Voiding, ProviderError>;

    /// Gives `amount` of what was captured back.
    ///
    /// # Errors
    /// [`ProviderError`]; refused if less was captured, or if that went back already.
    async fn refund(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<(), ProviderError>;
}
