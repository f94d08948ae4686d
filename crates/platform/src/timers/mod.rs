//! Timers: rows that fall due, so that a wait has an end though every process is killed meanwhile.

pub mod postgres;
mod runner;
pub mod sqlite;

use std::time::Duration;

use async_trait::async_trait;
use contracts::Timestamp;
use uuid::Uuid;

pub use runner::{TimerHandler, TimerRunner};

use crate::store::StoreError;

/// Something to be looked at when its time has come. There is one per kind and subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// What is to be looked at, such as `reservation`.
    pub kind: String,
    /// For which order, payment, …
    pub subject: Uuid,
    /// Counts up each time the timer is set again, which tells a timer that fires from one that was set since.
    pub attempt: u32,
    /// When.
    pub due_at: Timestamp,
}

/// Whether `timer` is due before the runner looks of its own accord. Most are set for a step that comes long before them,
/// and nobody need be woken for those. By the machine's clock: under another one the runner is woken too often, or by its
/// own next look.
pub(crate) fn is_soon(timer: &Timer) -> bool {
    timer.due_at <= Timestamp::now() + runner::POLL
}

/// Where a service keeps its timers. They are set and cleared by its commands, in their own transactions.
#[async_trait]
pub trait TimerStore: Send + Sync + 'static {
    /// Claims up to `limit` timers that are due at `now`; nobody else gets them until `now + claim`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn claim_due(&self, now: Timestamp, claim: Duration, limit: u32) -> Result<Vec<Timer>, StoreError>;
}
