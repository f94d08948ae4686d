//! Staff take a product out of the catalogue. It stays for the orders that name it.

use contracts::ProductId;
use platform::store::StoreError;
use thiserror::Error;

use crate::Products;

/// Why the product was not archived.
#[derive(Debug, Error)]
pub enum ArchiveProductError {
    /// There never was one.
    #[error("there is no such product")]
    NoSuchProduct,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Archives a product. One that is archived already stays so.
///
/// # Errors
/// [`ArchiveProductError`].
pub async fn archive_product(products: &Products, id: ProductId) -> Result<(), ArchiveProductError> {
    if products.store.archive_product(id, products.clock.now()).await? {
        Ok(())
    } else {
        Err(ArchiveProductError::NoSuchProduct)
    }
}
