//! Looks for timers that are due, and has them handled.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Timer, TimerStore};
use crate::{Clock, inbox::HandlerError, trace::TraceContext};

/// How often the store is asked when nothing wakes the runner.
pub(super) const POLL: Duration = Duration::from_millis(250);
/// How long a claimed timer is kept from other instances, and so how soon a failed one is tried again. A handler that
/// takes longer is given up: somebody else may have the timer by then.
const CLAIM: Duration = Duration::from_secs(15);
/// Timers that one look takes.
const BATCH: u32 = 100;
/// Timers that are handled at the same time.
const AT_ONCE: usize = 8;

/// What a service does when a timer is due.
#[async_trait]
pub trait TimerHandler: Send + Sync + 'static {
    /// Handles `timer`, and clears it or sets it again in the same transaction. One that is neither is due again
    /// when the claim on it ends.
    ///
    /// # Errors
    /// [`HandlerError`]: it is tried again when the claim on it ends.
    async fn fire(&self, timer: Timer) -> Result<(), HandlerError>;
}

/// Runs the timers of one service.
pub struct TimerRunner {
    /// Where they are.
    pub store: Arc<dyn TimerStore>,
    /// What is to happen.
    pub handler: Arc<dyn TimerHandler>,
    /// What time it is.
    pub clock: Clock,
}

impl TimerRunner {
    /// Handles timers as they fall due, until `shutdown`. `wake` is notified when one was set.
    pub async fn run(self, wake: Arc<Notify>, shutdown: CancellationToken) {
        loop {
            let due = self.store.claim_due(self.clock.now(), CLAIM, BATCH).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "timers cannot be read");
                Vec::new()
            });
            let full = due.len() == BATCH as usize;
            // What is not begun when this is to end comes again when the claim on it ends.
            let due = due.into_iter().take_while(|_| !shutdown.is_cancelled());
            stream::iter(due).for_each_concurrent(AT_ONCE, |timer| self.fire(timer)).await;
            let rest = async {
                if !full {
                    tokio::select! {
                        // Not at random: a simulation has to go the same way again.
                        biased;
                        () = wake.notified() => {}
                        () = tokio::time::sleep(POLL) => {}
                    }
                }
            };
            if shutdown.run_until_cancelled(rest).await.is_none() || shutdown.is_cancelled() {
                return;
            }
        }
    }

    async fn fire(&self, timer: Timer) {
        let (kind, subject) = (timer.kind.clone(), timer.subject);
        let firing = TraceContext::root().scope(async { self.handler.fire(timer).await });
        // One bad handler must not end the runner, and with it every timer of the service.
        let firing = AssertUnwindSafe(firing).catch_unwind();
        let error = match tokio::time::timeout(CLAIM, firing).await {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(error))) => error,
            Ok(Err(_panic)) => HandlerError::Failed("the handler panicked".to_owned()),
            Err(_) => HandlerError::Failed(format!("the handler took longer than {CLAIM:?}")),
        };
        tracing::warn!(kind, %subject, %error, "a timer failed and will be tried again");
    }
}
