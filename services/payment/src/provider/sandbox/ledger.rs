//! The port of the sandbox's books. `conformance` tests what it promises.

use async_trait::async_trait;
use contracts::{OrderId, Timestamp};
use platform::store::StoreError;

use super::{Account, Refusal, Request};
use crate::provider::Key;

/// What stands in the books under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    /// The money is held.
    Held,
    /// It is not, and why.
    Declined(String),
    /// It was captured.
    Captured,
    /// Nothing is held.
    Voided,
    /// It went back.
    Refunded,
}

impl Entered {
    /// The word that the store keeps for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Declined(_) => "declined",
            Self::Captured => "captured",
            Self::Voided => "voided",
            Self::Refunded => "refunded",
        }
    }

    /// What a store means by `word` and `reason`.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if it means nothing.
    pub fn read(word: &str, reason: Option<String>) -> Result<Self, StoreError> {
        match (word, reason) {
            ("held", None) => Ok(Self::Held),
            ("declined", Some(reason)) => Ok(Self::Declined(reason)),
            ("captured", None) => Ok(Self::Captured),
            ("voided", None) => Ok(Self::Voided),
            ("refunded", None) => Ok(Self::Refunded),
            _ => Err(StoreError::corrupt(format!("'{word}' is no outcome"))),
        }
    }
}

/// An entry, and whether it was made just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What stands under the key.
    pub entered: Entered,
    /// Whether this call wrote it. If not, it stood there before, and nothing has moved.
    pub new: bool,
}

/// Where the sandbox keeps its books. What a method enters is committed when it returns, whatever becomes of the payment; it may
/// have shared its transaction with what concerns other orders.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// Enters `request` under `key`, or finds what was entered under it before. Two at the same time are one after the
    /// other: what [`Account::decide`] says of the second takes the first into account.
    ///
    /// # Errors
    /// [`StoreError`]; inside, [`Refusal`], which leaves no trace.
    async fn enter(
        &self,
        key: &Key,
        order_id: OrderId,
        request: Request,
        now: Timestamp,
    ) -> Result<Result<Recorded, Refusal>, StoreError>;

    /// Counts a try under `key`.
    ///
    /// # Returns
    /// How many there have been, this one included.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn count_attempt(&self, key: &Key) -> Result<u32, StoreError>;

    /// What the books say about up to `limit` orders behind `after`, in the order of their ids: for the audit.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn accounts(&self, after: Option<OrderId>, limit: u32) -> Result<Vec<Account>, StoreError>;
}
