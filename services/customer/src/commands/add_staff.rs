//! Opens an account for a member of staff: from the command line, and at the first start.

use contracts::CustomerId;
use platform::{
    Clock,
    auth::Role,
    store::{Store, StoreError},
};
use thiserror::Error;

use crate::{
    domain::{Email, NotAnEmail, Password, Profile},
    hashing::{Hasher, HashingError},
    store::{self, NewAccount},
};

/// Why there is no new member of staff.
#[derive(Debug, Error)]
pub enum AddStaffError {
    /// The text is no email address.
    #[error("'{0}' {NotAnEmail}")]
    NotAnEmail(String),
    /// Somebody has that email: a customer is not made staff, since what opens their account was chosen for less.
    #[error(
        "there is an account with the email address {0} already: give another address, or have that account deleted"
    )]
    AlreadyExists(String),
    /// The password could not be hashed.
    #[error("{0}")]
    Hashing(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<HashingError> for AddStaffError {
    fn from(error: HashingError) -> Self {
        Self::Hashing(error.to_string())
    }
}

/// Opens an account with the role of staff for `email`, in the store of the customer service.
///
/// # Returns
/// Its generated password, which nobody can be told again.
///
/// # Errors
/// [`AddStaffError`].
pub async fn add_staff(store: &Store, clock: &Clock, email: &str) -> Result<String, AddStaffError> {
    let address = Email::parse(email).map_err(|_| AddStaffError::NotAnEmail(email.to_owned()))?;
    let chosen = Password::generate();
    let password = Hasher::new(1).hash(&chosen).await?;
    let profile = Profile {
        id: CustomerId::new(),
        email: address,
        name: None,
        phone: None,
        role: Role::Staff,
        created_at: clock.now(),
    };
    if !store::open(store).add_account(NewAccount { profile, password }).await? {
        return Err(AddStaffError::AlreadyExists(email.to_owned()));
    }
    Ok(chosen.expose().to_owned())
}
