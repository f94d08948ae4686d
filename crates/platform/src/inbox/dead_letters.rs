//! Dead letters: messages that could not be handled, kept where a person can look at them and send them again.

use async_trait::async_trait;
use contracts::{Service, Timestamp};
use uuid::Uuid;

use crate::{messaging::Envelope, store::StoreError};

/// A message that could not be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Who could not handle it.
    pub consumer: Service,
    /// The message.
    pub envelope: Envelope,
    /// How the last attempt failed.
    pub error: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up.
    pub died_at: Timestamp,
    /// When somebody asked for it to be handled again, if it has not been since.
    pub redrive_at: Option<Timestamp>,
}

/// Where a service keeps its dead letters: in its own database, whatever the broker.
#[async_trait]
pub trait DeadLetterStore: Send + Sync + 'static {
    /// Keeps a dead letter. One that died before takes its new error.
    ///
    /// # Errors
    /// [`StoreError`]: then the message must not be settled.
    async fn bury(&self, letter: DeadLetter) -> Result<(), StoreError>;

    /// The oldest `limit` dead letters.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError>;

    /// How many dead letters there are.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn count_dead_letters(&self) -> Result<u64, StoreError>;

    /// The dead letter of one message.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn dead_letter(&self, message_id: Uuid) -> Result<Option<DeadLetter>, StoreError>;

    /// Asks for dead letters to be handled again: the one with `message_id`, or all of them.
    ///
    /// # Returns
    /// How many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn request_redrive(&self, message_id: Option<Uuid>, now: Timestamp) -> Result<u64, StoreError>;

    /// Up to `limit` dead letters that are to be handled again.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn to_redrive(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError>;

    /// Takes a request back, to fulfil it. Of several who try, one does.
    ///
    /// # Returns
    /// Whether it stood.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn take_request(&self, consumer: Service, message_id: Uuid) -> Result<bool, StoreError>;

    /// Removes a dead letter that has been handled after all.
    ///
    /// # Errors
    /// [`StoreError`]: it is handled again, and the inbox drops the repetition.
    async fn remove_dead_letter(&self, consumer: Service, message_id: Uuid) -> Result<(), StoreError>;
}
