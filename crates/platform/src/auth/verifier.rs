//! Verifies tokens with the customer service's public keys, which it asks for as seldom as it can.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use contracts::{Timestamp, rpc::PublicKeySet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use super::{AuthError, Claims, ISSUER, verified::Verified};
use crate::{Clock, messaging::RpcError};

/// Keys younger than this are used without a thought.
const FRESH: Duration = Duration::from_secs(20);
/// Keys older than this are asked for again before they are used: a key that was taken away is refused by then.
const CURRENT: Duration = Duration::from_secs(45);
/// Keys older than this are not used at all, however long the customer service is away.
const USABLE: Duration = Duration::from_hours(1);
/// The least time between two questions: forged key ids must not cause a question each.
const PAUSE: Duration = Duration::from_secs(5);
/// The same while there are no keys at all, when nothing can be verified: a start should not take five seconds.
const PAUSE_WITHOUT_KEYS: Duration = Duration::from_millis(250);

/// Where the public keys come from.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// The keys that verify at present.
    ///
    /// # Errors
    ///
    /// When the customer service does not answer. It must not take longer than a caller can wait.
    async fn keys(&self) -> Result<PublicKeySet, RpcError>;
}

/// Verifies tokens. Clones share their keys.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

struct Inner {
    source: Arc<dyn KeySource>,
    clock: Clock,
    validation: Validation,
    cache: RwLock<Cache>,
    verified: Verified,
    /// Held while asking, so that one question serves all who wait for its answer.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Cache {
    keys: HashMap<String, Arc<DecodingKey>>,
    fetched_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
    failure: Option<RpcError>,
}

enum Found {
    /// Use it.
    Key(Arc<DecodingKey>),
    /// Use it, and see whether there are newer ones.
    Stale(Arc<DecodingKey>),
    /// Ask whether it is still good.
    Old,
    /// Ask.
    Unknown,
}

impl Verifier {
    /// Verifies with the keys of `source`, and counts their age by `clock`.
    #[must_use]
    pub fn new(source: Arc<dyn KeySource>, clock: Clock) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["iss", "exp", "sub"]);
        // `Auth` does this, by a clock that tests can turn.
        validation.validate_exp = false;
        Self {
            inner: Arc::new(Inner {
                source,
                clock,
                validation,
                cache: RwLock::default(),
                verified: Verified::default(),
                asking: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// The claims of `token`, if one of our keys signed it. Whether it is still good is for [`super::Auth`] to say.
    ///
    /// # Errors
    ///
    /// [`AuthError::Invalid`], or [`AuthError::KeysUnavailable`] if that cannot be known.
    pub async fn verify(&self, token: &str) -> Result<Claims, AuthError> {
        if let Some((kid, claims)) = self.inner.verified.find(token) {
            return self.key(&kid).await.map(|_| claims);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthError::Invalid)?;
        // Before the key id is looked at: a token that claims `none` or a shared secret causes no question.
        let (Algorithm::EdDSA, Some(kid)) = (header.alg, header.kid) else {
            return Err(AuthError::Invalid);
        };
        let key = self.key(&kid).await?;
        let decoded = jsonwebtoken::decode::<Claims>(token, &key, &self.inner.validation);
        let claims = decoded.map_err(|_| AuthError::Invalid)?.claims;
        self.inner.verified.remember(token, &kid, &claims);
        Ok(claims)
    }

    /// Has keys before the first token comes, which would wait for them, or be turned away with all that come by then. Whoever
    /// needs them meanwhile asks as ever: what fails here is not held against anybody.
    pub async fn warm_up(&self) {
        while self.inner.is_without_keys() {
            match self.inner.source.keys().await {
                Ok(set) => self.inner.learn(&set),
                Err(_) => tokio::time::sleep(PAUSE_WITHOUT_KEYS).await,
            }
        }
    }

    async fn key(&self, kid: &str) -> Result<Arc<DecodingKey>, AuthError> {
        match self.inner.find(kid) {
            Found::Key(key) => return Ok(key),
            Found::Stale(key) => {
                // Nobody waits for this: the key at hand will do until the answer is here. Where the lock is held,
                // somebody is asking already.
                if self.inner.may_ask() && self.inner.asking.try_lock().is_ok() {
                    let inner = Arc::clone(&self.inner);
                    tokio::spawn(async move { inner.ask().await });
                }
                return Ok(key);
            }
            Found::Old | Found::Unknown => self.inner.ask().await,
        }
        match self.inner.find(kid) {
            Found::Key(key) | Found::Stale(key) => Ok(key),
            Found::Old | Found::Unknown => Err(self.inner.why_unknown()),
        }
    }
}

impl Inner {
    fn find(&self, kid: &str) -> Found {
        let now = self.clock.now();
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        let age = cache.age(now);
        match (cache.keys.get(kid), age) {
            (Some(key), Some(age)) if age < FRESH => Found::Key(Arc::clone(key)),
            // While the customer service is away nobody waits for it, and its last word counts.
            (Some(key), Some(age)) if age < CURRENT || (age < USABLE && cache.failure.is_some()) => {
                Found::Stale(Arc::clone(key))
            }
            (Some(_), Some(age)) if age < USABLE => Found::Old,
            _ => Found::Unknown,
        }
    }

    fn may_ask(&self) -> bool {
        let now = self.clock.now();
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        let pause = match cache.age(now) {
            Some(age) if age < USABLE => PAUSE,
            _ => PAUSE_WITHOUT_KEYS,
        };
        cache.asked_at.is_none_or(|asked| now.since(asked) >= pause)
    }

    /// Asks for the keys, unless that was done a moment ago, perhaps by whoever held the lock before.
    async fn ask(&self) {
        let _asking = self.asking.lock().await;
        if !self.may_ask() {
            return;
        }
        match self.source.keys().await {
            Ok(set) => self.learn(&set),
            Err(error) => {
                let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
                cache.asked_at = Some(self.clock.now());
                if cache.failure.is_none() {
                    tracing::warn!(%error, "the keys to verify tokens with could not be refreshed");
                }
                cache.failure = Some(error);
            }
        }
    }

    fn is_without_keys(&self) -> bool {
        self.cache.read().unwrap_or_else(PoisonError::into_inner).fetched_at.is_none()
    }

    fn learn(&self, set: &PublicKeySet) {
        let now = self.clock.now();
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        cache.keys = decoding_keys(set);
        (cache.asked_at, cache.fetched_at, cache.failure) = (Some(now), Some(now), None);
    }

    /// If the last question failed, the key may exist: a caller with a good token must not be told to sign in again.
    fn why_unknown(&self) -> AuthError {
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        match &cache.failure {
            Some(error) => AuthError::KeysUnavailable(error.clone()),
            None => AuthError::Invalid,
        }
    }
}

impl Cache {
    fn age(&self, now: Timestamp) -> Option<Duration> {
        self.fetched_at.map(|fetched| now.since(fetched))
    }
}

/// By key id. A key of another kind, which a later version may publish, is passed over.
fn decoding_keys(set: &PublicKeySet) -> HashMap<String, Arc<DecodingKey>> {
    set.keys
        .iter()
        .filter(|key| key.kty == "OKP" && key.crv == "Ed25519")
        .filter_map(|key| {
            let decoding = DecodingKey::from_ed_components(&key.x).ok()?;
            Some((key.kid.clone(), Arc::new(decoding)))
        })
        .collect()
}

#[cfg(test)]
mod tests;
