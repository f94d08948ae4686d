//! Staff change what a product is like.

use contracts::ProductId;
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
    let revised = products.store.revise_product(id, patch, products.clock.now()).await?;
    revised.ok_or(ReviseProductError::NoSuchProduct)
}
