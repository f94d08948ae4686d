//! Changes the caller's password, and ends their other sessions: somebody may have signed in with the old one.

use platform::{
    auth::{Claims, Revoked},
    store::StoreError,
};
use thiserror::Error;

use super::prove_password::{ProofError, prove_password};
use crate::{
    app::Customer,
    domain::{Network, Origin, Password},
    hashing::HashingError,
    store::{PasswordChange, TokensEnd},
};

/// Why the password is still what it was.
#[derive(Debug, Error)]
pub enum ChangePasswordError {
    /// What was given as the present one is not it.
    #[error("the current password is another")]
    WrongPassword,
    /// There is no such account any more.
    #[error("the account is gone")]
    Gone,
    /// The current password was not looked at.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The new password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes the caller's password from `current` to `chosen`. A wrong `current` counts as a failed login from `network`.
///
/// # Errors
/// [`ChangePasswordError`].
pub async fn change_password(
    customer: &Customer,
    caller: &Claims,
    network: Network,
    current: &Password,
    chosen: &Password,
) -> Result<(), ChangePasswordError> {
    let account = customer.store.profile(caller.sub).await?.ok_or(ChangePasswordError::Gone)?;
    let origin = Origin { email: account.email, network };
    let proved = prove_password(customer, &origin, current).await?.filter(|proved| proved.id == caller.sub);
    let proved = proved.ok_or(ChangePasswordError::WrongPassword)?.password;
    let chosen = customer.hasher.hash(chosen).await?;
    let ends = TokensEnd::at(customer.clock.now());
    let change = PasswordChange { origin, customer: caller.sub, proved, chosen, keep: caller.sid };
    let ended = customer.store.change_password(change, ends).await?;
    for session in ended.ok_or(ChangePasswordError::WrongPassword)? {
        customer.revoke(Revoked::Session(session), ends);
    }
    Ok(())
}
