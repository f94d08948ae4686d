//! The inbox: each message takes effect once per consumer, however often it is delivered.
//!
//! The consumer's transaction begins with the inbox row; if the row is there already, the message was applied.
//! A message whose handling fails is tried again a few times and then becomes a dead letter, so that it stands
//! in nobody's way and is not lost. Attempts are counted here, so that every broker behaves alike.

mod consumer;
mod dead_letters;
pub mod postgres;
mod redrive;
mod router;
pub mod sqlite;

use async_trait::async_trait;
use contracts::{Service, Timestamp};
use uuid::Uuid;

pub use consumer::Consumer;
pub use dead_letters::{DeadLetter, DeadLetterStore};
pub use redrive::Redrive;
pub use router::{EventRouter, HandlerError};

use crate::{messaging::Envelope, store::StoreError};

/// How often a message is tried before it becomes a dead letter.
pub const MAX_ATTEMPTS: u32 = 5;

/// What a handler knows of the message it handles: the key of its inbox row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Who handles it.
    pub consumer: Service,
    /// CloudEvents `id`.
    pub message_id: Uuid,
    /// CloudEvents `time`: when what it tells of happened.
    pub occurred_at: Timestamp,
}

impl Received {
    /// `envelope` as `consumer` received it.
    #[must_use]
    pub const fn by(consumer: Service, envelope: &Envelope) -> Self {
        Self { consumer, message_id: envelope.id, occurred_at: envelope.time }
    }
}

/// Where a service counts failures. The inbox rows themselves are written by its handlers' transactions.
#[async_trait]
pub trait InboxStore: DeadLetterStore {
    /// Counts a failed attempt.
    ///
    /// # Returns
    /// How many there have been, this one included.
    ///
    /// # Errors
    /// [`StoreError`]: then it does not count.
    async fn record_failure(&self, received: Received, now: Timestamp) -> Result<u32, StoreError>;

    /// Forgets applied messages and counted failures from before `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn prune_inbox(&self, before: Timestamp) -> Result<(), StoreError>;
}
