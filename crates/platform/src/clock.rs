//! Where time comes from, so that tests and simulations can say what time it is.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use contracts::Timestamp;
use tokio::time::Instant;

use crate::chaos;

/// A source of the present moment. Clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Hands);

#[derive(Clone, Debug, Default)]
enum Hands {
    /// The machine's clock.
    #[default]
    System,
    /// A test turns them. Microseconds since the epoch.
    Turned(Arc<AtomicI64>),
    /// They go as time does for the runtime's timers, from where they stood at that instant.
    Runtime(Timestamp, Instant),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(Hands::System)
    }

    /// A clock that shows `start` now and goes with the timers of the runtime: where these are paused, so is it.
    #[must_use]
    pub fn of_the_runtime(start: Timestamp) -> Self {
        Self(Hands::Runtime(start, Instant::now()))
    }

    /// A clock that stands at `start` until [`Clock::set`] moves it.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self(Hands::Turned(Arc::new(AtomicI64::new(start.as_micros()))))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Hands::System => Timestamp::now() + chaos::ahead(),
            Hands::Turned(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
            Hands::Runtime(start, since) => *start + since.elapsed(),
        }
    }

    /// Moves a manual clock to `moment`; others take no notice.
    pub fn set(&self, moment: Timestamp) {
        if let Hands::Turned(micros) = &self.0 {
            micros.store(moment.as_micros(), Ordering::SeqCst);
        }
    }
}
