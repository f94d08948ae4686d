//! Idempotency keys: a client that does not know whether its request arrived sends it again with the same key, and gets
//! the answer of the first time (draft-ietf-httpapi-idempotency-key-header).
//!
//! The key is kept in the transaction of the command. A request that was refused changed nothing and leaves no key.

pub mod postgres;
pub mod sqlite;

use async_trait::async_trait;
use contracts::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::store::StoreError;

/// A client's key for one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// Whose key it is: two callers may choose the same.
    pub scope: String,
    /// The key.
    pub key: String,
    /// SHA-256 of what was asked: the same key for something else is a mistake.
    pub fingerprint: [u8; 32],
}

impl Idempotency {
    /// `caller`'s `key` for `command` with the arguments `request`.
    #[must_use]
    pub fn new(caller: &str, key: &str, command: &str, request: &impl Serialize) -> Self {
        let mut hash = Sha256::new();
        hash.update(command.as_bytes());
        hash.update([0]);
        hash.update(serde_json::to_vec(request).unwrap_or_default());
        Self { scope: caller.to_owned(), key: key.to_owned(), fingerprint: hash.finalize().into() }
    }
}

/// What is known of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// Nothing: go ahead.
    New,
    /// The command was carried out, with this answer.
    Answered(T),
    /// The key was used for something else.
    Conflict,
}

/// The outcome of a command that may carry a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Once<T> {
    /// Carried out now.
    Done(T),
    /// Carried out before; this is the answer of then.
    Replayed(T),
    /// The key was used for something else. Nothing was changed.
    Conflict,
}

/// Where keys are kept. They are written by the commands, in their own transactions.
#[async_trait]
pub trait IdempotencyStore: Send + Sync + 'static {
    /// The answer kept for `idempotency` as JSON, if any: for commands that have much to do before their transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn known_answer(&self, idempotency: &Idempotency) -> Result<Known<String>, StoreError>;

    /// Forgets keys from before `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn prune_idempotency(&self, before: Timestamp) -> Result<(), StoreError>;
}

/// What a stored key with `fingerprint` and `answer` means for a request.
pub(crate) fn compare<T: DeserializeOwned>(
    idempotency: &Idempotency,
    fingerprint: &[u8],
    answer: &str,
) -> Result<Known<T>, StoreError> {
    if fingerprint != idempotency.fingerprint {
        return Ok(Known::Conflict);
    }
    serde_json::from_str(answer).map(Known::Answered).map_err(|error| StoreError::Failed(error.into()))
}
