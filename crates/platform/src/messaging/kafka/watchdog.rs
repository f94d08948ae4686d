//! Notices that a client stands still: librdkafka has had faults by which a consumer got nothing more and said nothing.

use std::time::Duration;

use tokio::time::Instant;

use super::{group::Group, progress::Place};

/// How long nothing may come before it is looked whether there is something.
const HUNGER: Duration = Duration::from_secs(10);

/// What it has seen of one consumer.
pub(super) struct Watchdog {
    quiet_since: Instant,
    /// A partition that had something at the last look.
    suspected: Option<Place>,
}

impl Default for Watchdog {
    fn default() -> Self {
        Self { quiet_since: Instant::now(), suspected: None }
    }
}

impl Watchdog {
    /// Something came.
    pub(super) fn fed(&mut self) {
        *self = Self::default();
    }

    /// Looks, if nothing has come for long.
    ///
    /// # Returns
    /// Whether the same partition had something at two looks in a row, and nothing came in between.
    pub(super) async fn barks(&mut self, group: &Group) -> bool {
        if self.quiet_since.elapsed() < HUNGER {
            return false;
        }
        let lags = group.lags().await;
        let barks = lags.is_some() && lags == self.suspected;
        *self = Self { suspected: lags, ..Self::default() };
        barks
    }
}
