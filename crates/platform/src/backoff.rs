//! How long to rest between tries.

use std::time::Duration;

use crate::chance;

/// Rests that double from a first to a longest, each shortened at random by up to half so that many clients do
/// not come back at the same moment.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// Rests from `first` to `longest`.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// For connections: 100 ms to 1 s.
    #[must_use]
    pub const fn reconnect() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(1))
    }

    /// The next rest begins at the first again.
    pub const fn reset(&mut self) {
        self.next = self.first;
    }

    /// How long to rest now; the next rest is twice as long.
    pub fn next_rest(&mut self) -> Duration {
        let rest = self.next;
        self.next = (rest * 2).min(self.longest);
        rest.mul_f64(chance::between(0.5, 1.0))
    }

    /// Rests.
    pub async fn rest(&mut self) {
        tokio::time::sleep(self.next_rest()).await;
    }
}
