//! Removes an address.

use contracts::{AddressId, CustomerId};
use platform::store::StoreError;
use thiserror::Error;

use crate::app::Customer;

/// Why no address was removed.
#[derive(Debug, Error)]
pub enum RemoveAddressError {
    /// There is none by that id, or it is somebody else's.
    #[error("there is no such address")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Removes the address `id` of `owner`.
///
/// # Errors
/// [`RemoveAddressError`].
pub async fn remove_address(
    customer: &Customer,
    owner: CustomerId,
    id: AddressId,
) -> Result<(), RemoveAddressError> {
    let removed = customer.store.remove_address(owner, id).await?;
    if removed { Ok(()) } else { Err(RemoveAddressError::NotFound) }
}
