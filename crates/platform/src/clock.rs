//! Where time comes from, so that tests and simulations can say what time it is.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use contracts::Timestamp;

use crate::chaos;

/// A source of the present moment. Clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Microseconds since the epoch where a test turns the hands; `None` for the machine's clock.
    hands: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self { hands: None }
    }

    /// A clock that stands at `start` until [`Clock::set`] moves it.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self { hands: Some(Arc::new(AtomicI64::new(start.as_micros()))) }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.hands {
            Some(hands) => Timestamp::from_micros(hands.load(Ordering::SeqCst)),
            None => Timestamp::now() + chaos::ahead(),
        }
    }

    /// Moves a manual clock to `moment`; the machine's clock takes no notice.
    pub fn set(&self, moment: Timestamp) {
        if let Some(hands) = &self.hands {
            hands.store(moment.as_micros(), Ordering::SeqCst);
        }
    }
}
