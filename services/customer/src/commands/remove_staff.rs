//! Closes the account of a member of staff, from the command line: they are not asked.

use platform::{
    Clock,
    auth::Role,
    store::{Store, StoreError},
};
use thiserror::Error;

use crate::{
    domain::{Email, NotAnEmail},
    store::{self, TokensEnd},
};

/// Why nobody was removed.
#[derive(Debug, Error)]
pub enum RemoveStaffError {
    /// The text is no email address.
    #[error("'{0}' {NotAnEmail}")]
    NotAnEmail(String),
    /// Nobody on the staff signs in with it.
    #[error("there is no member of staff with the email address {0}")]
    NoSuchStaff(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Closes the account of the member of staff who signs in with `email`, in the store of the customer service. Their tokens
/// are refused from now on, by the other services as soon as they hear of it.
///
/// # Errors
/// [`RemoveStaffError`].
pub async fn remove_staff(store: &Store, clock: &Clock, email: &str) -> Result<(), RemoveStaffError> {
    let address = Email::parse(email).map_err(|_| RemoveStaffError::NotAnEmail(email.to_owned()))?;
    let store = store::open(store);
    let found = store.credentials(&address).await?.filter(|found| found.role == Role::Staff);
    let found = found.ok_or_else(|| RemoveStaffError::NoSuchStaff(email.to_owned()))?;
    store.delete_account(found.id, TokensEnd::at(clock.now())).await?;
    Ok(())
}
