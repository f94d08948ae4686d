//! What the exchanges and queues are called.

use contracts::Service;
use lapin::types::ShortString;
use uuid::Uuid;

/// Longest prefix, in bytes: AMQP's names end at 255.
const LONGEST: usize = 64;

/// The names of everything that one shop has in a virtual host.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    /// The plain names if `prefix` is empty, otherwise with `prefix.` before each.
    ///
    /// # Errors
    /// If the prefix has another character than letters, digits, `-` and `_`, or more than 64.
    pub(super) fn new(prefix: &str) -> Result<Self, String> {
        let fits = prefix.len() <= LONGEST
            && prefix.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
        if !fits {
            return Err(format!("a prefix has up to {LONGEST} letters, digits, - and _"));
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}.") };
        Ok(Self { prefix })
    }

    fn name(&self, rest: &str) -> ShortString {
        format!("{}{rest}", self.prefix).into()
    }

    /// Where events are published.
    pub(super) fn events(&self) -> ShortString {
        self.name("mercato.events")
    }

    /// Where the broker puts what it gives up.
    pub(super) fn dead(&self) -> ShortString {
        self.name("mercato.dead")
    }

    /// What `consumer` reads its events from.
    pub(super) fn events_of(&self, consumer: Service) -> ShortString {
        self.name(&format!("events.{consumer}"))
    }

    /// What the broker gave up of `consumer`'s events.
    pub(super) fn dead_of(&self, consumer: Service) -> ShortString {
        self.name(&format!("events.{consumer}.dead"))
    }

    /// What `service` reads its questions from.
    pub(super) fn questions_to(&self, service: Service) -> ShortString {
        self.name(&format!("rpc.{service}"))
    }

    /// What one connection reads its answers from. A fresh name each time: the old one may still be locked by a
    /// connection that the broker has not noticed to be gone.
    pub(super) fn replies(&self) -> ShortString {
        self.name(&format!("rpc.reply.{}", Uuid::new_v4()))
    }
}
