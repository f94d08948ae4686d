//! Notices that a partition stands still. librdkafka has had faults by which a consumer got nothing more and said nothing, and
//! it gives a partition up if its committed offset cannot be read.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::progress::Place;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);

/// What it has seen of one consumer.
pub(super) struct Watchdog {
    looked: Instant,
    /// The partitions that had more at the last look than they had given, and the offset that was expected next.
    behind: HashMap<Place, i64>,
}

impl Default for Watchdog {
    fn default() -> Self {
        Self { looked: Instant::now(), behind: HashMap::new() }
    }
}

impl Watchdog {
    /// Whether it is time to look.
    pub(super) fn is_due(&mut self) -> bool {
        let due = self.looked.elapsed() >= LOOK;
        if due {
            self.looked = Instant::now();
        }
        due
    }

    /// Compares what is `behind` now with what was at the last look.
    ///
    /// # Returns
    /// A partition that was behind both times, and gave nothing in between.
    pub(super) fn compare(&mut self, behind: HashMap<Place, i64>) -> Option<Place> {
        let stands = behind.iter().find(|(place, next)| self.behind.get(*place) == Some(*next));
        let stands = stands.map(|(place, _)| place.clone());
        self.behind = behind;
        stands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_partition_that_is_behind_twice_at_the_same_offset_stands_still() {
        let behind =
            |looks: &[(i32, i64)]| looks.iter().map(|(n, o)| (("events".to_owned(), *n), *o)).collect();
        let mut watchdog = Watchdog::default();
        assert_eq!(watchdog.compare(behind(&[(0, 5), (1, 7)])), None);
        assert_eq!(watchdog.compare(behind(&[(0, 6)])), None, "one gets on, the other has caught up");
        assert_eq!(watchdog.compare(behind(&[(1, 7)])), None);
        assert_eq!(watchdog.compare(behind(&[(1, 7)])), Some(("events".to_owned(), 1)));
    }
}
