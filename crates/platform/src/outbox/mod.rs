//! The outbox: events wait here, committed together with what caused them, until the broker has taken them.
//!
//! A [`Relay`] publishes them at least once and in order within an aggregate. Each process relays what it wrote itself,
//! so that the commit which puts a row there also wakes the relay that takes it; what a process leaves behind that dies
//! is taken over by another once its time is over.

pub(crate) mod fresh;
pub mod postgres;
mod relay;
pub mod sqlite;

use std::time::Duration;

use async_trait::async_trait;
use contracts::Timestamp;
use uuid::Uuid;

pub use relay::Relay;

use crate::{messaging::Envelope, store::StoreError};

/// An event that waits to be published.
#[derive(Clone, Debug)]
pub struct OutboxRow {
    /// Its place in the outbox: higher ones were written later within an aggregate.
    pub id: i64,
    /// What it happened to: its rows are published in order.
    pub aggregate: Uuid,
    /// What is to be published, or why that cannot be read. Such a row stays until somebody has mended it, and with it all
    /// later ones of its aggregate.
    pub envelope: Result<Envelope, String>,
}

/// Where a service keeps its outbox. Rows are written by its commands, in their own transactions, and belong to the
/// process that wrote them.
#[async_trait]
pub trait OutboxStore: Send + Sync + 'static {
    /// Holds on to this process's rows until `now + ttl`, and takes over those of processes whose time is over.
    ///
    /// # Errors
    /// [`StoreError`]: then what was held before runs out by itself.
    async fn hold(&self, now: Timestamp, ttl: Duration) -> Result<(), StoreError>;

    /// Lets go of what this process holds, for others to take over.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn release(&self) -> Result<(), StoreError>;

    /// Rows that this process has committed since it was asked last, if nothing of their aggregates was waiting before
    /// them: they can be relayed as they are. Nothing if only a look at the outbox can tell.
    fn committed(&self) -> Option<Vec<OutboxRow>> {
        None
    }

    /// The first `limit` of this process's rows behind `after`, in order, without those whose aggregate has an earlier
    /// row in other hands. Those whose aggregate has one at or before `after` may be missing, too: they wait for it anyway.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn fetch(&self, after: i64, limit: u32) -> Result<Vec<OutboxRow>, StoreError>;

    /// Removes rows that were confirmed, but for those that others have taken over since.
    ///
    /// # Errors
    /// [`StoreError`]: they are published again, and the inboxes drop the repetition.
    async fn delete(&self, ids: &[i64]) -> Result<(), StoreError>;

    /// How many rows wait, whosever they are.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn depth(&self) -> Result<u64, StoreError>;

    /// The message that has waited longest, whosever it is.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn oldest(&self) -> Result<Option<Uuid>, StoreError>;
}
