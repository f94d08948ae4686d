//! Adds an address.

use contracts::{AddressId, CustomerId};
use platform::{
    idempotency::{Idempotency, Once},
    store::StoreError,
};
use thiserror::Error;

use crate::{
    app::Customer,
    domain::{Address, AddressDetails},
    store::AddAddressOutcome,
};

/// Why no address was added.
#[derive(Debug, Error)]
pub enum AddAddressError {
    /// There are as many as there may be.
    #[error("there are too many addresses")]
    TooMany,
    /// The key was used for something else.
    #[error("the idempotency key was used for something else")]
    KeyReused,
    /// There is no such account any more.
    #[error("the account is gone")]
    Gone,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds an address that says `details` to those of `owner`, once for each `key`.
///
/// # Errors
/// [`AddAddressError`].
pub async fn add_address(
    customer: &Customer,
    owner: CustomerId,
    details: AddressDetails,
    key: Option<&str>,
) -> Result<Address, AddAddressError> {
    let idempotency = key.map(|key| Idempotency::new(&owner.to_string(), key, "add_address", &details));
    let address = Address { id: AddressId::new(), details: details.clone() };
    let outcome = customer.store.add_address(owner, address, idempotency, customer.clock.now()).await?;
    match outcome {
        AddAddressOutcome::Added(Once::Done(id) | Once::Replayed(id)) => Ok(Address { id, details }),
        AddAddressOutcome::Added(Once::Conflict) => Err(AddAddressError::KeyReused),
        AddAddressOutcome::TooMany => Err(AddAddressError::TooMany),
        AddAddressOutcome::Gone => Err(AddAddressError::Gone),
    }
}
