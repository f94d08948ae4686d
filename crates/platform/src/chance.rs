//! Where chance comes from, so that a simulation can have the same one again.

use std::cell::RefCell;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

thread_local! {
    static SEEDED: RefCell<Option<StdRng>> = const { RefCell::new(None) };
}

/// From now on, what chance decides on this thread follows from `seed`. It is never asked about secrets.
pub fn seed(seed: u64) {
    SEEDED.set(Some(StdRng::seed_from_u64(seed)));
}

/// A number from `low` to `high`.
pub(crate) fn between(low: f64, high: f64) -> f64 {
    SEEDED.with_borrow_mut(|seeded| match seeded {
        Some(seeded) => seeded.random_range(low..=high),
        None => rand::rng().random_range(low..=high),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_has_the_same_chances() {
        let ten = |number| {
            seed(number);
            (0..10).map(|_| between(0.5, 1.0)).collect::<Vec<_>>()
        };
        let first = ten(7);
        assert_eq!(ten(7), first);
        assert_ne!(ten(8), first);
        assert!(first.iter().all(|number| (0.5..=1.0).contains(number)), "{first:?}");
    }
}
