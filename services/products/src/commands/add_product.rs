//! Staff put a product into the catalogue.

use contracts::{CustomerId, ProductId};
use platform::store::StoreError;
use thiserror::Error;

use super::{KeyReused, answer};
use crate::{
    Products,
    domain::{NewProduct, Product},
};

/// Why the product was not added.
#[derive(Debug, Error)]
pub enum AddProductError {
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeyReused> for AddProductError {
    fn from(_: KeyReused) -> Self {
        Self::KeyReused
    }
}

/// Adds `product`, which has no [`NewProduct::faults`], for the member of staff `actor`.
///
/// # Errors
/// [`AddProductError`].
pub async fn add_product(
    products: &Products,
    product: NewProduct,
    actor: CustomerId,
    key: Option<&str>,
) -> Result<Product, AddProductError> {
    let product = product.trimmed();
    let by = products.by_staff(actor, key, "add_product", &product);
    let added = products.store.add_product(ProductId::new(), product, by).await?;
    Ok(answer(added)?)
}
