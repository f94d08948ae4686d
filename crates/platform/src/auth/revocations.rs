//! What was taken back before its time. Tokens verify without asking anybody, so each process remembers those few
//! that must not: until they would have expired anyway.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use contracts::{CustomerId, SessionId, Timestamp};
use tokio_util::sync::CancellationToken;

use super::Claims;
use crate::{Clock, inbox::Received, store::StoreError};

/// How far [`Revocations::refresh`] reads behind what it has seen. A row gets its time when it is written and is seen
/// when it is committed, so a later look can find an earlier row.
const OVERLAP: Duration = Duration::from_secs(30);
/// How often what is over is looked for: all that is known is looked at, and whoever asks waits.
const PRUNE: Duration = Duration::from_mins(1);

/// Whose tokens were taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Revoked {
    /// All of a customer's: the account is closed or blocked.
    Customer(CustomerId),
    /// Those of one sign-in.
    Session(SessionId),
}

/// One revocation, as a store keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Whose tokens.
    pub revoked: Revoked,
    /// When it was recorded.
    pub at: Timestamp,
    /// When the last token that it concerns has expired, and it can be forgotten.
    pub until: Timestamp,
}

/// Where revocations are kept for the other instances of a service, and for its next start.
#[async_trait]
pub trait RevocationStore: Send + Sync + 'static {
    /// Those recorded after `after` that are still in force, in any order.
    ///
    /// # Errors
    ///
    /// When the store cannot be read; the caller asks again later.
    async fn revoked_since(&self, after: Timestamp) -> Result<Vec<Revocation>, StoreError>;

    /// Records a revocation that another service told of, once however often it is delivered.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; the message is delivered again.
    async fn record_revocation(&self, received: Received, revocation: Revocation) -> Result<(), StoreError>;
}

/// The revocations that this process knows of.
#[derive(Debug, Default)]
pub struct Revocations {
    customers: RwLock<HashMap<CustomerId, Timestamp>>,
    sessions: RwLock<HashMap<SessionId, Timestamp>>,
}

impl Revocations {
    /// Refuses the tokens of `customer` until `until`: no earlier than the last of them expires.
    pub fn revoke_customer(&self, customer: CustomerId, until: Timestamp) {
        remember(&self.customers, customer, until);
    }

    /// Refuses the tokens of `session` until `until`: no earlier than the last of them expires.
    pub fn revoke_session(&self, session: SessionId, until: Timestamp) {
        remember(&self.sessions, session, until);
    }

    /// Refuses the tokens that `revocation` names.
    pub fn learn(&self, revocation: Revocation) {
        match revocation.revoked {
            Revoked::Customer(customer) => self.revoke_customer(customer, revocation.until),
            Revoked::Session(session) => self.revoke_session(session, revocation.until),
        }
    }

    /// Whether a token that says `claims` was taken back.
    #[must_use]
    pub fn is_revoked(&self, claims: &Claims) -> bool {
        knows(&self.sessions, &claims.sid) || knows(&self.customers, &claims.sub)
    }

    /// Forgets what ended by `now`: those tokens have expired by themselves.
    pub fn prune(&self, now: Timestamp) {
        forget(&self.customers, now);
        forget(&self.sessions, now);
    }

    /// Takes over what `store` recorded after `after`, and gives the `after` for the next time.
    ///
    /// # Errors
    ///
    /// When the store cannot be read; nothing is forgotten then.
    pub async fn refresh(
        &self,
        store: &dyn RevocationStore,
        after: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let mut next = after;
        for revocation in store.revoked_since(after).await? {
            self.learn(revocation);
            next = next.max(revocation.at - OVERLAP);
        }
        Ok(next)
    }

    /// Takes over what other instances recorded, every `every`, until `shutdown`; and forgets what is over.
    pub async fn refresh_loop(
        &self,
        store: &dyn RevocationStore,
        every: Duration,
        clock: &Clock,
        shutdown: CancellationToken,
    ) {
        let mut after = Timestamp::from_micros(0);
        let mut reported = false;
        let mut prune_at = clock.now();
        let refresh = async {
            loop {
                match self.refresh(store, after).await {
                    Ok(next) => (after, reported) = (next, false),
                    // Once for each outage: the loop goes on, and says the same thing every time.
                    Err(error) if !reported => {
                        tracing::warn!(%error, "revocations could not be refreshed");
                        reported = true;
                    }
                    Err(_) => {}
                }
                let now = clock.now();
                if now >= prune_at {
                    self.prune(now);
                    prune_at = now + PRUNE;
                }
                tokio::time::sleep(every).await;
            }
        };
        shutdown.run_until_cancelled(refresh).await;
    }
}

type Ends<K> = RwLock<HashMap<K, Timestamp>>;

fn remember<K: Eq + Hash>(ends: &Ends<K>, key: K, until: Timestamp) {
    let mut ends = ends.write().unwrap_or_else(PoisonError::into_inner);
    let end = ends.entry(key).or_insert(until);
    *end = until.max(*end);
}

fn knows<K: Eq + Hash>(ends: &Ends<K>, key: &K) -> bool {
    ends.read().unwrap_or_else(PoisonError::into_inner).contains_key(key)
}

fn forget<K: Eq + Hash>(ends: &Ends<K>, now: Timestamp) {
    ends.write().unwrap_or_else(PoisonError::into_inner).retain(|_, until| *until > now);
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::{super::Role, *};

    fn claims(sub: CustomerId, sid: SessionId) -> Claims {
        let now = Timestamp::now();
        Claims::new(sub, sid, Role::Customer, now, Duration::from_secs(900))
    }

    struct Rows(Vec<Revocation>, Mutex<Vec<Timestamp>>);

    #[async_trait]
    impl RevocationStore for Rows {
        async fn revoked_since(&self, after: Timestamp) -> Result<Vec<Revocation>, StoreError> {
            self.1.lock().unwrap().push(after);
            Ok(self.0.iter().filter(|row| row.at > after).copied().collect())
        }

        async fn record_revocation(&self, _: Received, _: Revocation) -> Result<(), StoreError> {
            Err(StoreError::corrupt("this store is only read"))
        }
    }

    #[test]
    fn a_revocation_is_forgotten_when_its_tokens_are_over() {
        let (known, now) = (Revocations::default(), Timestamp::now());
        let (customer, session) = (CustomerId::new(), SessionId::new());
        known.revoke_customer(customer, now + Duration::from_secs(10));
        known.revoke_session(session, now + Duration::from_secs(20));
        let of_customer = claims(customer, SessionId::new());
        let of_session = claims(CustomerId::new(), session);
        assert!(known.is_revoked(&of_customer) && known.is_revoked(&of_session));
        known.prune(now + Duration::from_secs(10));
        assert!(!known.is_revoked(&of_customer) && known.is_revoked(&of_session));
    }

    #[test]
    fn a_shorter_revocation_does_not_end_a_longer_one() {
        let (known, now) = (Revocations::default(), Timestamp::now());
        let session = SessionId::new();
        known.revoke_session(session, now + Duration::from_secs(20));
        known.revoke_session(session, now + Duration::from_secs(5));
        known.prune(now + Duration::from_secs(10));
        assert!(known.is_revoked(&claims(CustomerId::new(), session)));
    }

    #[tokio::test]
    async fn another_instance_learns_from_the_store_and_reads_on_with_an_overlap() {
        let (known, now) = (Revocations::default(), Timestamp::now());
        let session = SessionId::new();
        let row =
            Revocation { revoked: Revoked::Session(session), at: now, until: now + Duration::from_secs(900) };
        let store = Rows(vec![row], Mutex::default());
        let next = known.refresh(&store, Timestamp::from_micros(0)).await.unwrap();
        assert_eq!(next, now - OVERLAP);
        assert!(known.is_revoked(&claims(CustomerId::new(), session)));
        assert_eq!(known.refresh(&store, next).await.unwrap(), next);
    }
}
