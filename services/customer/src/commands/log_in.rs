//! Signs somebody in.

use platform::{auth::SignError, store::StoreError};
use thiserror::Error;

use super::prove_password::{ProofError, prove_password};
use crate::{
    app::{Customer, SignedIn},
    domain::{Origin, Password, RefreshToken},
};

/// Why nobody was signed in.
#[derive(Debug, Error)]
pub enum LogInError {
    /// There is no such account, or its password is another.
    #[error("the email address or the password is wrong")]
    WrongCredentials,
    /// The password was not looked at.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The token could not be written.
    #[error(transparent)]
    Signing(#[from] SignError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins a session for the account with the email of `origin`, if `password` is its.
///
/// # Errors
/// [`LogInError`].
pub async fn log_in(
    customer: &Customer,
    origin: Origin,
    password: &Password,
) -> Result<SignedIn, LogInError> {
    let proved = prove_password(customer, &origin, password).await?;
    let account = proved.ok_or(LogInError::WrongCredentials)?;
    let (token, now) = (RefreshToken::generate(), customer.clock.now());
    let session = customer.session(account.id, &token, now);
    if !customer.store.start_session(session, account.password, origin).await? {
        return Err(LogInError::WrongCredentials);
    }
    Ok(customer.signed_in(account.id, account.role, session.id, token, now)?)
}
