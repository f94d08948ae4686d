//! Calling as a good client does: what nobody knows the outcome of is sent again, until they know.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::log::{Call, Kind, Log, Outcome};
use crate::client::{self, Answer};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a call is repeated whose outcome is unknown: longer than anything here is broken for.
const INSISTENCE: Duration = Duration::from_secs(120);

/// Somebody who calls, and writes down what became of it.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// Which one.
    pub number: usize,
    /// Where it is written down.
    pub log: &'a Log,
}

impl Caller<'_> {
    /// Sends `call` again and again as long as its outcome is unknown.
    pub async fn insist(
        &self,
        kind: Kind,
        key: Option<&str>,
        call: impl Fn() -> client::Call,
    ) -> (Outcome, Option<Answer>) {
        let until = Instant::now() + INSISTENCE;
        let mut rest = Duration::from_millis(50);
        loop {
            let (outcome, answer) = self.once(kind, key, call()).await;
            if !outcome.is_unknown() || Instant::now() > until {
                return (outcome, answer);
            }
            sleep(rest).await;
            rest = (rest * 2).min(Duration::from_millis(800));
        }
    }

    /// Sends `call` once.
    pub async fn once(&self, kind: Kind, key: Option<&str>, call: client::Call) -> (Outcome, Option<Answer>) {
        let at = self.log.now();
        let answer = timeout(PATIENCE, call.attempt()).await.ok().and_then(Result::ok);
        let outcome = answer.as_ref().map_or(Outcome::Unknown(None), |answer| Outcome::of(answer.status()));
        let (took, key) = (self.log.now() - at, key.map(str::to_owned));
        self.log.add(Call { at, took, caller: self.number, kind, key, outcome });
        (outcome, answer)
    }
}
