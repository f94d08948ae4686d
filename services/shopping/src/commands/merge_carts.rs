//! Take over what a guest had put into their cart before they signed in.

use contracts::CustomerId;
use platform::store::StoreError;
use thiserror::Error;

use crate::{app::Shopping, domain::CartError, store::CartChange};

/// Why both carts are as they were.
#[derive(Debug, Error)]
pub enum MergeCartsError {
    /// The guest's token is not known, or was spent.
    #[error("there is no cart for this token")]
    NoCart,
    /// The customer's cart cannot take what is in the guest's.
    #[error(transparent)]
    Refused(#[from] CartError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Moves the guest's cart into the customer's, and spends the token. Of a product that both hold no more than may be in a
/// cart is taken.
///
/// # Errors
/// [`MergeCartsError`].
pub async fn merge_carts(
    shopping: &Shopping,
    guest: [u8; 32],
    customer: CustomerId,
) -> Result<(), MergeCartsError> {
    match shopping.store.merge_carts(guest, customer).await? {
        CartChange::Changed | CartChange::NotInCart => Ok(()),
        CartChange::NoCart => Err(MergeCartsError::NoCart),
        CartChange::Refused(refusal) => Err(refusal.into()),
    }
}
