//! How long to wait before the provider is asked again for what it owes us an answer to.

use std::time::Duration;

/// The first rest; each one after it is twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// The longest rest. There is no last try: money that is held for nobody has to be let go in the end.
const LONGEST: Duration = Duration::from_mins(5);

/// The rest before try number `attempt`, counted from 0.
#[must_use]
pub fn rest_before(attempt: u32) -> Duration {
    FIRST.saturating_mul(2_u32.saturating_pow(attempt)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rests_grow_and_then_stay() {
        let seconds = [0, 1, 4, 9, 1_000].map(|attempt| rest_before(attempt).as_secs());
        assert_eq!(seconds, [1, 2, 16, 300, 300]);
    }
}
