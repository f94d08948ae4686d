//! Tokens: who calls, and what they may do.
//!
//! The customer service signs access tokens (JWT, RFC 7519) with Ed25519 ([`Signer`]); every service verifies
//! them with the public keys alone ([`Verifier`]), and refuses those that were taken back ([`Revocations`]).

mod claims;
pub mod postgres;
mod revocations;
mod signer;
pub mod sqlite;
mod verified;
mod verifier;

use thiserror::Error;

pub use claims::{Claims, ISSUER, Role};
pub use revocations::{Revocation, RevocationStore, Revocations, Revoked};
pub use signer::{SignError, Signer};
pub use verifier::{KeySource, Verifier};

use crate::{Clock, messaging::RpcError};

/// Why a token was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuthError {
    /// Its time is over: refresh it, or sign in again.
    #[error("the access token has expired")]
    Expired,
    /// It is no token of ours: malformed, of another algorithm, or with a signature that does not fit.
    #[error("the access token is not valid")]
    Invalid,
    /// Its session or its account has ended.
    #[error("the access token has been revoked")]
    Revoked,
    /// It cannot be known yet: the keys could not be had from the customer service.
    #[error("the keys to verify tokens with cannot be had: {0}")]
    KeysUnavailable(RpcError),
}

/// Decides whether to believe a token. One for each process, shared by its services.
pub struct Auth {
    verifier: Verifier,
    revocations: Revocations,
    clock: Clock,
}

impl Auth {
    /// Believes what `verifier` can verify and `revocations` does not name, by the time of `clock`.
    #[must_use]
    pub fn new(verifier: Verifier, revocations: Revocations, clock: Clock) -> Self {
        Self { verifier, revocations, clock }
    }

    /// The claims of `bearer`, which is the token without the word `Bearer`.
    ///
    /// # Errors
    ///
    /// See [`AuthError`]; all but [`AuthError::KeysUnavailable`] mean that the caller has to sign in.
    pub async fn authenticate(&self, bearer: &str) -> Result<Claims, AuthError> {
        let claims = self.verifier.verify(bearer).await?;
        if claims.exp <= self.clock.now().as_secs() {
            return Err(AuthError::Expired);
        }
        if self.revocations.is_revoked(&claims) {
            return Err(AuthError::Revoked);
        }
        Ok(claims)
    }

    /// Gets the keys before the first caller comes.
    pub async fn warm_up(&self) {
        self.verifier.warm_up().await;
    }

    /// What has been taken back: for the commands and the events that take back more.
    #[must_use]
    pub const fn revocations(&self) -> &Revocations {
        &self.revocations
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use contracts::{CustomerId, SessionId, Timestamp, rpc::PublicKeySet};

    use super::*;

    struct Fixed(PublicKeySet);

    #[async_trait::async_trait]
    impl KeySource for Fixed {
        async fn keys(&self) -> Result<PublicKeySet, RpcError> {
            Ok(self.0.clone())
        }
    }

    fn auth(signer: &Signer, clock: &Clock) -> Auth {
        let keys = PublicKeySet { keys: vec![signer.jwk()] };
        let verifier = Verifier::new(Arc::new(Fixed(keys)), clock.clone());
        Auth::new(verifier, Revocations::default(), clock.clone())
    }

    fn claims(now: Timestamp) -> Claims {
        Claims::new(CustomerId::new(), SessionId::new(), Role::Customer, now, Duration::from_secs(900))
    }

    #[tokio::test]
    async fn a_token_is_believed_until_the_second_it_expires() {
        let (signer, clock) = (Signer::generate().unwrap(), Clock::manual(Timestamp::now()));
        let auth = auth(&signer, &clock);
        let issued = claims(clock.now());
        let token = signer.sign(&issued).unwrap();
        assert_eq!(auth.authenticate(&token).await, Ok(issued.clone()));
        clock.set(Timestamp::from_micros(issued.exp * 1_000_000));
        assert_eq!(auth.authenticate(&token).await, Err(AuthError::Expired));
    }

    #[tokio::test]
    async fn a_revoked_session_ends_its_tokens_and_no_others() {
        let (signer, clock) = (Signer::generate().unwrap(), Clock::manual(Timestamp::now()));
        let auth = auth(&signer, &clock);
        let (one, other) = (claims(clock.now()), claims(clock.now()));
        auth.revocations().revoke_session(one.sid, clock.now() + Duration::from_secs(900));
        let token = |claims| signer.sign(claims).unwrap();
        assert_eq!(auth.authenticate(&token(&one)).await, Err(AuthError::Revoked));
        assert!(auth.authenticate(&token(&other)).await.is_ok());
    }
}
