//! Exchanges a refresh token for an access token and the next refresh token.

use platform::{
    auth::{Revoked, SignError},
    store::StoreError,
};
use thiserror::Error;

use crate::{
    app::{Customer, SignedIn},
    domain::RefreshToken,
    store::{RefreshOutcome, TokensEnd},
};

/// Why there is no new token.
#[derive(Debug, Error)]
pub enum RefreshError {
    /// There is no such token, it has expired, or its session has ended.
    #[error("the refresh token is not good")]
    Unknown,
    /// It had been exchanged: one of the two who showed it is a thief, so its session has ended (RFC 9700, section
    /// 4.14.2).
    #[error("the refresh token was used before")]
    Reused,
    /// The token could not be written.
    #[error(transparent)]
    Signing(#[from] SignError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Exchanges `presented`, which is no good from then on.
///
/// # Errors
/// [`RefreshError`].
pub async fn refresh(customer: &Customer, presented: &str) -> Result<SignedIn, RefreshError> {
    let presented = RefreshToken::parse(presented).ok_or(RefreshError::Unknown)?.hash();
    let (token, now) = (RefreshToken::generate(), customer.clock.now());
    let ends = TokensEnd::at(now);
    match customer.store.refresh(presented, customer.successor(&token, now), ends).await? {
        RefreshOutcome::Rotated { customer: id, role, session } => {
            Ok(customer.signed_in(id, role, session, token, now)?)
        }
        RefreshOutcome::Reused(session) => {
            customer.revoke(Revoked::Session(session), ends);
            Err(RefreshError::Reused)
        }
        RefreshOutcome::Unknown => Err(RefreshError::Unknown),
    }
}
