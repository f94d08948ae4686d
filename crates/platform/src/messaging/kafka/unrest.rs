//! Notices that a group does not come to rest. A member waits five minutes for the answer to its question what it is given,
//! which may have been lost, and asks again for as long as it hears that partitions are being given out; librdkafka sets no
//! end to that (`rd_kafka_JoinGroupRequest`, `rd_kafka_cgrp_handle_SyncGroup`). A new session is somebody new, with new
//! connections, who need not wait for what has been lost.

use std::time::Duration;

use tokio::time::Instant;

/// How often librdkafka tells how its member stands.
pub(super) const LOOK: Duration = Duration::from_secs(2);
/// What librdkafka calls it when a member knows which partitions it has (`rd_kafka_cgrp_join_state_names`).
const AT_REST: &str = "steady";
/// How long partitions may be given out. A member that has gone without a word is missed after six seconds.
const LONGEST: Duration = Duration::from_secs(30);
/// Up to this much longer, by chance: members that all began anew at once would only be the next unrest.
const SPREAD: Duration = Duration::from_secs(10);

/// Since when a member does not know its partitions.
pub(super) struct Unrest {
    since: Option<Instant>,
    limit: Duration,
}

impl Default for Unrest {
    fn default() -> Self {
        Self { since: None, limit: LONGEST + rand::random_range(Duration::ZERO..SPREAD) }
    }
}

impl Unrest {
    /// Notes that the member was told which partitions it has.
    pub(super) const fn told(&mut self) {
        self.since = None;
    }

    /// Notes how the member stands at `now`, as librdkafka calls it.
    ///
    /// # Returns
    /// For how long the group has been restless, if that is too long.
    pub(super) fn note(&mut self, join_state: &str, now: Instant) -> Option<Duration> {
        if join_state == AT_REST {
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
        unrest.told();
        assert_eq!(unrest.note("wait-join", again + longest), None, "one that is told something gets on");
    }
}
