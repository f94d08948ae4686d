//! Changes what an account says.

use contracts::CustomerId;
use platform::store::StoreError;
use thiserror::Error;

use crate::{
    app::Customer,
    domain::{Profile, ProfileChanges},
    store::UpdateOutcome,
};

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum UpdateProfileError {
    /// Somebody else has that email.
    #[error("there is another account with that email address")]
    EmailTaken,
    /// There is no such account any more.
    #[error("the account is gone")]
    Gone,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes `changes` to the account of `id`, and gives what it says then.
///
/// # Errors
/// [`UpdateProfileError`].
pub async fn update_profile(
    customer: &Customer,
    id: CustomerId,
    changes: ProfileChanges,
) -> Result<Profile, UpdateProfileError> {
    match customer.store.update_profile(id, changes).await? {
        UpdateOutcome::Updated(profile) => Ok(profile),
        UpdateOutcome::EmailTaken => Err(UpdateProfileError::EmailTaken),
        UpdateOutcome::Gone => Err(UpdateProfileError::Gone),
    }
}
