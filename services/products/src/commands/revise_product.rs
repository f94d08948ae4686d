//! Staff change what a product is like.

use contracts::{Currency, ProductId};
use platform::store::StoreError;
use thiserror::Error;

use crate::{
    Products,
    domain::{Product, ProductPatch},
};

/// Why the product was not changed.
#[derive(Debug, Error)]
pub enum ReviseProductError {
    /// There is none, or it is archived.
    #[error("there is no such product in the catalogue")]
    NoSuchProduct,
    /// The new price is not in the currency of the product, which is this one. Carts hold it, and each has one currency.
    #[error("its price is in {0}")]
    OtherCurrency(Currency),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Applies `patch`, which has no [`ProductPatch::faults`].
///
/// # Errors
/// [`ReviseProductError`].
pub async fn revise_product(
    products: &Products,
    id: ProductId,
    patch: ProductPatch,
) -> Result<Product, ReviseProductError> {
    if let Some(price) = patch.price {
        let product = products.store.product(id).await?.ok_or(ReviseProductError::NoSuchProduct)?;
        // It is the same for ever, so it still is when the patch is applied.
        let currency = product.price.currency;
        if price.currency != currency {
            return Err(ReviseProductError::OtherCurrency(currency));
        }
    }
    let revised = products.store.revise_product(id, patch, products.clock.now()).await?;
    revised.ok_or(ReviseProductError::NoSuchProduct)
}
