//! What somebody would like to have.

use contracts::{
    CustomerId,
    rpc::{PricedProduct, WishlistItem},
};
use platform::{messaging::RpcError, store::StoreError};
use thiserror::Error;

use crate::app::Shopping;

/// Why a wishlist cannot be shown.
#[derive(Debug, Error)]
pub enum ListWishlistError {
    /// Products could not be asked.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A customer's wishlist, newest first, at today's names and prices.
///
/// # Errors
/// [`ListWishlistError`].
pub async fn list_wishlist(
    shopping: &Shopping,
    customer_id: CustomerId,
) -> Result<Vec<WishlistItem>, ListWishlistError> {
    let listed = shopping.store.wishlist(customer_id).await?;
    let ids: Vec<_> = listed.iter().map(|(product_id, _)| *product_id).collect();
    let found = shopping.products(&ids).await?;
    let items = listed.into_iter().filter_map(|(product_id, added_at)| {
        let product = found.iter().find(|product| product.id == product_id)?;
        let in_stock = product.available > 0 && !product.archived;
        let product = PricedProduct { id: product.id, name: product.name.clone(), price: product.price };
        Some(WishlistItem { product, in_stock, added_at })
    });
    Ok(items.collect())
}
