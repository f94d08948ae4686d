//! The streams of deliveries and questions that this process takes.

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// What feeds them. It outlives whoever reads them, by the time that it takes to leave the group in good order.
pub(super) struct Streams {
    runtime: Handle,
    running: TaskTracker,
}

impl Streams {
    /// None yet; those to come run in `runtime`.
    pub(super) fn new(runtime: Handle) -> Self {
        Self { runtime, running: TaskTracker::new() }
    }

    /// Feeds another.
    pub(super) fn run(&self, feeding: impl Future<Output = ()> + Send + 'static) {
        self.running.spawn_on(feeding, &self.runtime);
    }

    /// Waits until none is left, when all have been given up by their readers.
    pub(super) async fn ended(&self) {
        self.running.close();
        self.running.wait().await;
    }
}
