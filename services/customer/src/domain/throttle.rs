//! How often a password may be guessed.

use std::time::Duration;

use contracts::Timestamp;

use super::{Email, Network};

/// How long a failed login counts.
pub const WINDOW: Duration = Duration::from_mins(15);
/// Failures after which one account is closed to one network.
pub const MOST_BY_ORIGIN: u32 = 5;
/// Failures after which every account is closed to one network: an office behind one address mistypes, too.
pub const MOST_BY_NETWORK: u32 = 50;

/// Who tries to sign in as whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// As whom.
    pub email: Email,
    /// From where.
    pub network: Network,
}

/// What there is to know of the failures within [`WINDOW`] to decide about one more try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// When the failure happened that was the [`MOST_BY_ORIGIN`]th, counted from the latest; nothing if there were fewer.
    pub of_origin: Option<Timestamp>,
    /// The same for the [`MOST_BY_NETWORK`]th of the network.
    pub of_network: Option<Timestamp>,
}

impl Failures {
    /// How long to wait at `now` before the next try, if one has to: until the failure that is one too many counts no
    /// longer.
    #[must_use]
    pub fn wait(&self, now: Timestamp) -> Option<Duration> {
        let latest = self.of_origin.max(self.of_network)?;
        Some((latest + WINDOW).since(now)).filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_ends_when_the_failure_too_many_leaves_the_window() {
        let then = Timestamp::from_micros(1_000_000_000);
        let failures = Failures { of_origin: Some(then), of_network: None };
        assert_eq!(failures.wait(then), Some(WINDOW));
        assert_eq!(failures.wait(then + WINDOW - Duration::from_secs(1)), Some(Duration::from_secs(1)));
        assert_eq!(failures.wait(then + WINDOW), None);
        assert_eq!(Failures::default().wait(then), None);
    }

    #[test]
    fn the_longer_wait_counts() {
        let then = Timestamp::from_micros(1_000_000_000);
        let failures = Failures { of_origin: Some(then), of_network: Some(then + Duration::from_mins(1)) };
        assert_eq!(failures.wait(then + Duration::from_mins(1)), Some(WINDOW));
    }
}
