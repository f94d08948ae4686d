//! The outbox: events wait here, committed together with what caused them, until the broker has taken them.
//!
//! A [`Relay`] publishes them at least once and in order within an aggregate. Aggregates are spread over
//! [`SHARDS`]; one relay at a time owns a shard, by a lease with a fencing number, so that several instances of
//! a service share the work and none overtakes another.

mod relay;
pub mod sqlite;

use std::time::Duration;

use async_trait::async_trait;
use contracts::Timestamp;
use uuid::Uuid;

pub use relay::Relay;

use crate::{messaging::Envelope, store::StoreError};

/// Into how many parts the outbox of a service is divided.
pub const SHARDS: u8 = 16;

/// The part of the outbox that an aggregate's events go through.
#[must_use]
pub fn shard_of(aggregate: Uuid) -> u8 {
    // The last byte of a UUIDv7 is random (RFC 9562, section 5.7); the first ones are the time.
    aggregate.as_bytes()[15] % SHARDS
}

/// An event that waits to be published.
#[derive(Clone, Debug)]
pub struct OutboxRow {
    /// Its place in the outbox: higher ones were written later within an aggregate.
    pub id: i64,
    /// By what right it is published.
    pub lease: Lease,
    /// What is to be published.
    pub envelope: Envelope,
}

/// The right to relay a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which shard.
    pub shard: u8,
    /// Grows each time the shard changes hands.
    pub fence: i64,
}

/// Where a service keeps its outbox. Rows are written by its commands, in their own transactions.
#[async_trait]
pub trait OutboxStore: Send + Sync + 'static {
    /// Takes every shard that nobody else holds, or renews what `owner` holds, until `now + ttl`.
    ///
    /// # Errors
    /// [`StoreError`]: then the leases of before run out by themselves.
    async fn lease(&self, owner: Uuid, now: Timestamp, ttl: Duration) -> Result<Vec<Lease>, StoreError>;

    /// Gives back what `owner` holds.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn release(&self, owner: Uuid) -> Result<(), StoreError>;

    /// The first `limit` rows of these shards behind `after`, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn fetch(&self, leases: &[Lease], after: i64, limit: u32) -> Result<Vec<OutboxRow>, StoreError>;

    /// Removes rows that were confirmed, each unless its shard has changed hands since the lease.
    ///
    /// # Errors
    /// [`StoreError`]: they are published again, and the inboxes drop the repetition.
    async fn delete(&self, rows: &[(i64, Lease)]) -> Result<(), StoreError>;

    /// How many rows wait.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn depth(&self) -> Result<u64, StoreError>;
}
