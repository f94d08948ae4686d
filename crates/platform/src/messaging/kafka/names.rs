//! What the topics and the consumer groups are called.

use contracts::Service;

/// Longest prefix, in bytes: the names of Kafka's topics end at 249.
const LONGEST: usize = 64;

/// The names of everything that one shop has in a cluster.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    /// The plain names if `prefix` is empty, otherwise with `prefix.` before each.
    ///
    /// # Errors
    /// If the prefix has another character than letters, digits and `-`, or more than 64.
    pub(super) fn new(prefix: &str) -> Result<Self, String> {
        // Kafka takes a dot and an underscore for the same thing where it names its metrics.
        let fits = prefix.len() <= LONGEST
            && prefix.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        if !fits {
            return Err(format!("a prefix has up to {LONGEST} letters, digits and -"));
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}.") };
        Ok(Self { prefix })
    }

    /// The topic that `publisher` publishes its events to.
    pub(super) fn events_of(&self, publisher: Service) -> String {
        format!("{}mercato.events.{publisher}", self.prefix)
    }

    /// The topic, and the group, that `service` reads its questions by.
    pub(super) fn questions_to(&self, service: Service) -> String {
        format!("{}mercato.rpc.{service}", self.prefix)
    }

    /// The topic of all answers. Each asking process has a partition of it.
    pub(super) fn replies(&self) -> String {
        format!("{}mercato.replies", self.prefix)
    }

    /// The group of the instances that consume events for `consumer`.
    pub(super) fn consumers_of(&self, consumer: Service) -> String {
        format!("{}mercato.{consumer}", self.prefix)
    }
}
