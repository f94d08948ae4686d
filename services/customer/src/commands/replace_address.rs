//! Replaces what an address says.

use contracts::CustomerId;
use platform::store::StoreError;
use thiserror::Error;

use crate::{app::Customer, domain::Address};

/// Why no address was replaced.
#[derive(Debug, Error)]
pub enum ReplaceAddressError {
    /// There is none by that id, or it is somebody else's.
    #[error("there is no such address")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Puts `address` in the place of the one of `owner` that has its id.
///
/// # Errors
/// [`ReplaceAddressError`].
pub async fn replace_address(
    customer: &Customer,
    owner: CustomerId,
    address: Address,
) -> Result<(), ReplaceAddressError> {
    let replaced = customer.store.replace_address(owner, address).await?;
    if replaced { Ok(()) } else { Err(ReplaceAddressError::NotFound) }
}
