//! Chance, as the seed has it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::time::sleep;

/// The dice of one story, which everything in it throws; and whether the storm is on.
#[derive(Clone)]
pub(super) struct Dice {
    random: Arc<Mutex<StdRng>>,
    storm: Arc<AtomicBool>,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))),
            storm: Arc::new(AtomicBool::new(true)),
        }
    }

    /// From now on nothing goes wrong.
    pub(super) fn end_storm(&self) {
        self.storm.store(false, Ordering::SeqCst);
    }

    pub(super) fn storm(&self) -> bool {
        self.storm.load(Ordering::SeqCst)
    }

    /// One of `0..sides`.
    pub(super) fn throw(&self, sides: u32) -> u32 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..sides)
    }

    /// So many times in a hundred.
    pub(super) fn chance(&self, percent: u32) -> bool {
        self.throw(100) < percent
    }

    /// So many times in a hundred, and only in the storm.
    pub(super) fn mishap(&self, percent: u32) -> bool {
        self.storm() && self.chance(percent)
    }

    /// Anything from no time up to `longest`.
    pub(super) fn up_to(&self, longest: Duration) -> Duration {
        Duration::from_millis(u64::from(
            self.throw(u32::try_from(longest.as_millis()).unwrap_or(u32::MAX).max(1)),
        ))
    }

    /// Lets some of the others go first.
    pub(super) async fn dawdle(&self, longest: Duration) {
        sleep(self.up_to(longest)).await;
    }
}
