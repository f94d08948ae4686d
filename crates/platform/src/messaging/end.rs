//! The end of a session with a broker: the first thing that goes wrong ends it for all.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::{CancellationToken, DropGuard};

/// Tells everything that belongs to a session that it is over, and why.
#[derive(Clone, Default)]
pub(super) struct End {
    over: CancellationToken,
    reason: Arc<OnceLock<String>>,
}

impl End {
    /// Ends the session, unless it has ended.
    pub(super) fn because(&self, reason: impl ToString) {
        self.reason.get_or_init(|| reason.to_string());
        self.over.cancel();
    }

    /// Ends the session if it is dropped before it is disarmed.
    pub(super) fn guard(&self) -> DropGuard {
        self.over.clone().drop_guard()
    }

    /// Waits for it.
    pub(super) async fn wait(&self) {
        self.over.cancelled().await;
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    /// Why it ended.
    pub(super) fn reason(&self) -> &str {
        self.reason.get().map_or("", String::as_str)
    }
}
