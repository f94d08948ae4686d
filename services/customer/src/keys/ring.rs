//! Which of the keys signs, and what the world verifies with.

use std::time::Duration;

use contracts::{Timestamp, rpc::PublicKeySet};
use platform::auth::{Claims, SignError, Signer};

/// How long a new key is published before it signs: longer than any verifier or instance goes without asking again, so
/// that no token is refused because its key is not known yet.
pub(super) const SETTLING: Duration = Duration::from_secs(60);

/// The keys of this service at one time, the newest first. There is at least one.
pub(super) struct KeyRing {
    newest: Known,
    older: Vec<Known>,
}

struct Known {
    signer: Signer,
    /// Since when it is published; `None`: for long enough.
    since: Option<Timestamp>,
}

impl KeyRing {
    /// The keys, the newest first, each with the time that it was made at, if that is known; `None` if there is no key.
    /// A service that starts while a new key settles waits for it as those do that run.
    pub fn new(keys: impl IntoIterator<Item = (Signer, Option<Timestamp>)>) -> Option<Self> {
        let mut known = keys.into_iter().map(|(signer, since)| Known { signer, since });
        Some(Self { newest: known.next()?, older: known.collect() })
    }

    /// This ring in the place of `former`: what that did not have is known since `now`.
    pub fn after(mut self, former: &Self, now: Timestamp) -> Self {
        for known in std::iter::once(&mut self.newest).chain(&mut self.older) {
            let kid = known.signer.jwk().kid;
            let before = former.all().find(|it| it.signer.jwk().kid == kid);
            known.since = before.map_or(Some(now), |known| known.since);
        }
        self
    }

    /// A token that says `claims`, signed at `now` with the newest key that has been published for long enough; if there
    /// is none such, with the oldest.
    ///
    /// # Errors
    /// [`SignError::NotSigned`].
    pub fn sign(&self, claims: &Claims, now: Timestamp) -> Result<String, SignError> {
        let settled = |known: &&Known| known.since.is_none_or(|since| now.since(since) >= SETTLING);
        let oldest = || self.older.last().unwrap_or(&self.newest);
        self.all().find(settled).unwrap_or_else(oldest).signer.sign(claims)
    }

    /// What the world verifies with.
    pub fn public(&self) -> PublicKeySet {
        PublicKeySet { keys: self.all().map(|known| known.signer.jwk()).collect() }
    }

    fn all(&self) -> impl Iterator<Item = &Known> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}
