//! Proving that one knows a password: what signing in and changing the password have in common.

use std::time::Duration;

use contracts::Timestamp;
use platform::store::StoreError;
use thiserror::Error;

use crate::{
    app::Customer,
    domain::{Origin, Password, WINDOW},
    hashing::HashingError,
    store::Credentials,
};

/// Why a password was not looked at.
#[derive(Debug, Error)]
pub enum ProofError {
    /// Too many were wrong: come back in this time.
    #[error("too many failed logins")]
    TooManyFailures(Duration),
    /// It could not be compared.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The credentials of the account with the email of `origin`, if there is one and `password` is its. If not, that is
/// counted, and takes the same time whether there is such an account or not.
///
/// # Errors
/// [`ProofError`].
pub async fn prove_password(
    customer: &Customer,
    origin: &Origin,
    password: &Password,
) -> Result<Option<Credentials>, ProofError> {
    refuse_after_failures(customer, origin).await?;
    let place = customer.hasher.enter().await?;
    // Of many guesses at once all come as far as here; their failures are counted before they give up their place, so
    // no more than there are places go beyond the limit.
    refuse_after_failures(customer, origin).await?;
    let credentials = customer.store.credentials(&origin.email).await?;
    let hash = credentials.as_ref().map(|credentials| &credentials.password);
    let (right, _place) = place.verify(password, hash).await?;
    if right {
        return Ok(credentials);
    }
    let now = customer.clock.now();
    customer.store.record_login_failure(origin.clone(), now, window(now)).await?;
    Ok(None)
}

async fn refuse_after_failures(customer: &Customer, origin: &Origin) -> Result<(), ProofError> {
    let now = customer.clock.now();
    let failures = customer.store.login_failures(origin, window(now)).await?;
    failures.wait(now).map_or(Ok(()), |wait| Err(ProofError::TooManyFailures(wait)))
}

fn window(now: Timestamp) -> Timestamp {
    now - WINDOW
}
