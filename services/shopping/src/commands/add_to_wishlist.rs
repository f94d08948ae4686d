//! Remember a product for later.

use contracts::{CustomerId, ProductId};
use platform::{messaging::RpcError, store::StoreError};
use thiserror::Error;

use crate::app::Shopping;

/// Products on a wishlist, at the most.
const MAX_ITEMS: u32 = 200;

/// Why it was not put on the list.
#[derive(Debug, Error)]
pub enum WishlistError {
    /// There is no such product, or it is no longer sold.
    #[error("there is no such product for sale")]
    NotForSale,
    /// The list is full.
    #[error("a wishlist holds at most {MAX_ITEMS} products")]
    Full,
    /// Products could not be asked.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Puts a product on a wishlist; one that is on it already stays where it is.
///
/// # Errors
/// [`WishlistError`].
pub async fn add_to_wishlist(
    shopping: &Shopping,
    customer_id: CustomerId,
    product_id: ProductId,
) -> Result<(), WishlistError> {
    let found = shopping.products(&[product_id]).await?;
    if !found.iter().any(|product| !product.archived) {
        return Err(WishlistError::NotForSale);
    }
    let now = shopping.clock.now();
    if !shopping.store.add_to_wishlist(customer_id, product_id, MAX_ITEMS, now).await? {
        return Err(WishlistError::Full);
    }
    Ok(())
}
