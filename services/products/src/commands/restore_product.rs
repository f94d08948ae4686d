//! Staff take an archived product back into the catalogue, as it was.

use contracts::ProductId;
use platform::store::StoreError;
use thiserror::Error;

use crate::{Products, domain::Product};

/// Why the product was not restored.
#[derive(Debug, Error)]
pub enum RestoreProductError {
    /// There never was one.
    #[error("there is no such product")]
    NoSuchProduct,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes an archived product back into the catalogue. One that is not archived stays as it is.
///
/// # Errors
/// [`RestoreProductError`].
pub async fn restore_product(products: &Products, id: ProductId) -> Result<Product, RestoreProductError> {
    let restored = products.store.restore_product(id, products.clock.now()).await?;
    restored.ok_or(RestoreProductError::NoSuchProduct)
}
