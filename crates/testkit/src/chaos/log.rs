//! What shoppers and the clerk write down.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Serialize;

/// What a call was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// To look at the catalogue.
    Look,
    /// To put something into the cart.
    Fill,
    /// To order what is in the cart.
    Order,
    /// To call an order off.
    Cancel,
    /// To empty a cart whose order was refused.
    Empty,
    /// By staff: to look at the orders.
    Orders,
    /// By staff: to send an order off.
    Ship,
    /// By staff: to note that it arrived.
    Deliver,
    /// By staff: to give the money back.
    Refund,
    /// By staff: to call an order off.
    CallOff,
}

/// What became of a call, as far as its client can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Ok,
    /// It was refused, and not done: the status.
    Failed(u16),
    /// It may have been done or not: no answer, or a server's failure with this status.
    Unknown(Option<u16>),
}

impl Outcome {
    /// What an answer with this status says.
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            200..=399 => Self::Ok,
            // Whoever is told to come again later is to come again.
            400..=428 | 430..=499 => Self::Failed(status),
            _ => Self::Unknown(Some(status)),
        }
    }

    /// Whether nobody can tell.
    #[must_use]
    pub const fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

/// A call, sent once.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// When it was sent, after the beginning.
    pub at: Duration,
    /// How long the answer took.
    pub took: Duration,
    /// Who: the shoppers have the first numbers, and the clerk the one behind.
    pub caller: usize,
    /// What for.
    pub kind: Kind,
    /// Its `Idempotency-Key`; the same for each repetition.
    pub key: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// Calls by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Done.
    pub ok: u64,
    /// Refused.
    pub failed: u64,
    /// Nobody can tell; each of these was repeated.
    pub unknown: u64,
}

/// Everything that was called.
#[derive(Debug)]
pub struct Log {
    began: Instant,
    calls: Mutex<Vec<Call>>,
}

impl Default for Log {
    fn default() -> Self {
        Self { began: Instant::now(), calls: Mutex::default() }
    }
}

impl Log {
    /// How long ago it was begun.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Adds a call.
    pub fn add(&self, call: Call) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// All calls, in the order in which they ended.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many there were of each kind.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Kind, Counts> {
        let mut counts = BTreeMap::<Kind, Counts>::new();
        for call in self.calls() {
            let of_kind = counts.entry(call.kind).or_default();
            match call.outcome {
                Outcome::Ok => of_kind.ok += 1,
                Outcome::Failed(_) => of_kind.failed += 1,
                Outcome::Unknown(_) => of_kind.unknown += 1,
            }
        }
        counts
    }

    /// How many calls that ended from `from` to `to` have an unknown outcome, and how long it was from the first of these to
    /// the last.
    #[must_use]
    pub fn failures(&self, from: Duration, to: Duration) -> (usize, Duration) {
        let calls = self.calls();
        let unknown = calls.iter().filter(|call| call.outcome.is_unknown());
        let ends = unknown.map(|call| call.at + call.took).filter(|end| (from..to).contains(end));
        let ends: Vec<Duration> = ends.collect();
        let first = ends.iter().min().copied().unwrap_or_default();
        (ends.len(), ends.iter().max().map_or(Duration::ZERO, |last| *last - first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_failure_leaves_unknown_what_was_done_and_a_refusal_does_not() {
        let outcomes = [202, 409, 429, 503].map(Outcome::of);
        let unknown = |status| Outcome::Unknown(Some(status));
        assert_eq!(outcomes, [Outcome::Ok, Outcome::Failed(409), unknown(429), unknown(503)]);
    }

    #[test]
    fn an_outage_is_from_the_first_to_the_last_failure_within_its_time() {
        let log = Log::default();
        let second = Duration::from_secs;
        for (at, outcome) in [
            (1, Outcome::Unknown(None)),
            (3, Outcome::Unknown(Some(503))),
            (4, Outcome::Ok),
            (5, Outcome::Unknown(None)),
            (9, Outcome::Unknown(None)),
        ] {
            let (at, took) = (second(at), Duration::ZERO);
            log.add(Call { at, took, caller: 0, kind: Kind::Look, key: None, outcome });
        }
        assert_eq!(log.failures(second(2), second(8)), (2, second(2)));
        assert_eq!(log.failures(second(6), second(8)), (0, second(0)));
        assert_eq!(log.counts()[&Kind::Look], Counts { ok: 1, failed: 0, unknown: 4 });
    }
}
