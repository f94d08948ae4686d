//! One product.

use contracts::ProductId;
use platform::store::StoreError;

use super::Audience;
use crate::{Products, domain::Product};

/// A product, if there is one that `audience` may see.
///
/// # Errors
/// [`StoreError`].
pub async fn get_product(
    products: &Products,
    id: ProductId,
    audience: Audience,
) -> Result<Option<Product>, StoreError> {
    let product = products.store.product(id).await?;
    Ok(product.filter(|product| audience == Audience::Staff || product.archived_at.is_none()))
}
