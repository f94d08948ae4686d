//! What the commands and the queries work with, and how it is put together.

use std::{sync::Arc, time::Duration};

use contracts::{CustomerId, Service, SessionId, Timestamp};
use platform::{
    Clock,
    auth::{Auth, Claims, KeySource, Revocation, Revoked, Role, SignError},
    inbox::EventRouter,
    messaging::RpcClient,
    service::{Environment, Parts},
};
use thiserror::Error;

use crate::{
    Settings,
    domain::RefreshToken,
    handlers,
    hashing::Hasher,
    http,
    keys::{KeyError, Keys},
    store::{self, NewSession, Store, Successor, TokensEnd},
};

/// The service could not be built.
#[derive(Debug, Error)]
pub enum StartError {
    /// It has no keys to sign with.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// What the commands and the queries work with.
pub struct Customer {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// How the other services are asked.
    pub rpc: RpcClient,
    /// What time it is.
    pub clock: Clock,
    /// Whose tokens are believed here.
    pub auth: Arc<Auth>,
    /// How passwords are hashed.
    pub hasher: Hasher,
    /// What signs access tokens.
    pub keys: Arc<Keys>,
    access_ttl: Duration,
    refresh_ttl: Duration,
}

/// What somebody gets who has signed in. It has no `Debug`, so that it is not logged by mistake.
pub struct SignedIn {
    /// As whom.
    pub id: CustomerId,
    /// Shows who they are, for a short time.
    pub access_token: String,
    /// Gets the next access token, once.
    pub refresh_token: RefreshToken,
    /// How long the access token is good.
    pub expires_in: Duration,
}

/// The parts of the customer service, in `environment` and as `settings` say. Has to be called within a Tokio runtime.
///
/// # Errors
/// [`StartError`]: there is no key to sign with, or one that must not be used.
pub fn build(environment: Environment, settings: Settings) -> Result<Parts, StartError> {
    let keys = Keys::load(settings.keys, settings.generate_keys, environment.clock.clone())?;
    keys.follow();
    let customer = Arc::new(Customer {
        store: store::open(&environment.store),
        auth: environment.auth(Arc::clone(&keys) as Arc<dyn KeySource>),
        hasher: Hasher::new(settings.hashing_at_once),
        keys,
        access_ttl: settings.access_ttl,
        refresh_ttl: settings.refresh_ttl,
        rpc: environment.rpc,
        clock: environment.clock,
    });
    Ok(Parts {
        auth: Arc::clone(&customer.auth),
        routes: http::routes(),
        openapi: http::openapi(),
        events: EventRouter::new(Service::Customer),
        questions: handlers::questions(&customer),
        timers: None,
        state: Box::new(move |rocket| rocket.manage(customer)),
    })
}

impl Customer {
    /// The tokens of `session`, signed at `now`.
    ///
    /// # Errors
    /// [`SignError`], which should not happen.
    pub fn signed_in(
        &self,
        id: CustomerId,
        role: Role,
        session: SessionId,
        refresh_token: RefreshToken,
        now: Timestamp,
    ) -> Result<SignedIn, SignError> {
        let claims = Claims::new(id, session, role, now, self.access_ttl);
        let access_token = self.keys.sign(&claims)?;
        Ok(SignedIn { id, access_token, refresh_token, expires_in: self.access_ttl })
    }

    /// A session of `customer` that begins at `now` with `token`.
    #[must_use]
    pub fn session(&self, customer: CustomerId, token: &RefreshToken, now: Timestamp) -> NewSession {
        let (token, expires_at) = (token.hash(), now + self.refresh_ttl);
        NewSession { id: SessionId::new(), customer, token, now, expires_at }
    }

    /// `token` as one that takes another's place at `now`.
    #[must_use]
    pub fn successor(&self, token: &RefreshToken, now: Timestamp) -> Successor {
        Successor { token: token.hash(), expires_at: now + self.refresh_ttl }
    }

    /// Refuses from now on the tokens whose revocation was committed. Other services learn it from an event, other
    /// instances of this one from the store.
    pub fn revoke(&self, revoked: Revoked, ends: TokensEnd) {
        let TokensEnd { now, tokens_expire_at } = ends;
        self.auth.revocations().learn(Revocation { revoked, at: now, until: tokens_expire_at });
    }
}
