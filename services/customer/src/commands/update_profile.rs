//! Changes what an account says.

use contracts::CustomerId;
use platform::store::StoreError;
use thiserror::Error;

use super::prove_password::{ProofError, prove_password};
use crate::{
    app::Customer,
    domain::{Network, Origin, Password, Profile, ProfileChanges},
    store::UpdateOutcome,
};

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum UpdateProfileError {
    /// Somebody else has that email.
    #[error("there is another account with that email address")]
    EmailTaken,
    /// The email is to be another, and what was given as the password is not it.
    #[error("the current password is another")]
    WrongPassword,
    /// The password was not looked at.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// There is no such account any more.
    #[error("the account is gone")]
    Gone,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes `changes` to the account of `id`, and gives what it says then. The email is changed only for who knows the
/// `password`: a token alone is not enough to take an account away. A wrong one counts as a failed login from `network`.
///
/// # Errors
/// [`UpdateProfileError`].
pub async fn update_profile(
    customer: &Customer,
    id: CustomerId,
    network: Network,
    password: Option<Password>,
    changes: ProfileChanges,
) -> Result<Profile, UpdateProfileError> {
    if changes.email.is_some() {
        let account = customer.store.profile(id).await?.ok_or(UpdateProfileError::Gone)?;
        let password = password.ok_or(UpdateProfileError::WrongPassword)?;
        let proved = prove_password(customer, &Origin { email: account.email, network }, &password).await?;
        proved.filter(|proved| proved.id == id).ok_or(UpdateProfileError::WrongPassword)?;
    }
    match customer.store.update_profile(id, changes).await? {
        UpdateOutcome::Updated(profile) => Ok(profile),
        UpdateOutcome::EmailTaken => Err(UpdateProfileError::EmailTaken),
        UpdateOutcome::Gone => Err(UpdateProfileError::Gone),
    }
}
