//! Forget a product that was to be remembered.

use contracts::{CustomerId, ProductId};
use platform::store::StoreError;
use thiserror::Error;

use crate::app::Shopping;

/// Why it was not taken off.
#[derive(Debug, Error)]
pub enum NotOnWishlist {
    /// It is not on the list.
    #[error("this product is not on the wishlist")]
    Absent,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes a product off a wishlist.
///
/// # Errors
/// [`NotOnWishlist`].
pub async fn remove_from_wishlist(
    shopping: &Shopping,
    customer_id: CustomerId,
    product_id: ProductId,
) -> Result<(), NotOnWishlist> {
    if shopping.store.remove_from_wishlist(customer_id, product_id).await? {
        return Ok(());
    }
    Err(NotOnWishlist::Absent)
}
