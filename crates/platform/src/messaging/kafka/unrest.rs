//! Notices that a group does not come to rest. A member asks for its partitions again for as long as it is told that they are
//! being given out, and librdkafka sets no end to that: with a coordinator that waits for somebody who has gone, never.
//! Somebody new, which a new session makes of it, has a coordinator begin anew.

use std::time::Duration;

use tokio::time::Instant;

/// How often librdkafka tells how its member stands.
pub(super) const LOOK: Duration = Duration::from_secs(2);
/// What librdkafka calls it when a member knows which partitions it has (`rd_kafka_cgrp_join_state_names`).
const AT_REST: &str = "steady";
/// How long partitions may be given out. A member that has gone without a word is missed for six seconds, and one more for each
/// that goes meanwhile.
const LONGEST: Duration = Duration::from_secs(30);
/// Up to this much longer, by chance: members that all began anew at once would only be the next unrest.
const SPREAD: Duration = Duration::from_secs(10);

/// Whether a member knows its partitions, and since when it does not.
pub(super) struct Unrest {
    at_rest: bool,
    since: Option<Instant>,
    limit: Duration,
}

impl Default for Unrest {
    fn default() -> Self {
        let limit = LONGEST + rand::random_range(Duration::ZERO..SPREAD);
        Self { at_rest: false, since: None, limit }
    }
}

impl Unrest {
    /// Whether the member knows its partitions, as far as is known.
    pub(super) const fn is_over(&self) -> bool {
        self.at_rest
    }

    /// Notes that the member was told its partitions, or that it is to give some back, which comes before it is told more.
    pub(super) const fn told(&mut self, at_rest: bool) {
        self.at_rest = at_rest;
    }

    /// Notes how the member stands at `now`, as librdkafka calls it.
    ///
    /// # Returns
    /// For how long the group has been restless, if that is too long.
    pub(super) fn note(&mut self, join_state: &str, now: Instant) -> Option<Duration> {
        self.at_rest = join_state == AT_REST;
        if self.at_rest {
            self.since = None;
            return None;
        }
        let restless = now - *self.since.get_or_insert(now);
        (restless > self.limit).then_some(restless)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_group_that_is_restless_for_long_is_given_up() {
        let (began, longest) = (Instant::now(), LONGEST + SPREAD);
        let mut unrest = Unrest::default();
        assert_eq!(unrest.note("wait-join", began), None);
        assert_eq!(unrest.note("wait-sync", began + LONGEST), None);
        assert_eq!(unrest.note(AT_REST, began + longest), None, "it has come to rest in the end");
        let again = began + 2 * longest;
        assert_eq!(unrest.note("init", again), None, "it counts from where it began again");
        assert_eq!(unrest.note("wait-sync", again + LONGEST), None);
        assert_eq!(unrest.note("wait-join", again + longest), Some(longest));
    }
}
