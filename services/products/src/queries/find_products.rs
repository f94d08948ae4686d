//! Some products, by their ids.

use std::collections::HashMap;

use contracts::ProductId;
use platform::store::StoreError;

use super::Audience;
use crate::{Products, domain::Product};

/// Those of `ids` that there are and that `audience` may see, each once, in the order asked for.
///
/// # Errors
/// [`StoreError`].
pub async fn find_products(
    products: &Products,
    ids: &[ProductId],
    audience: Audience,
) -> Result<Vec<Product>, StoreError> {
    let found = products.store.products(ids).await?;
    let mut found: HashMap<ProductId, Product> = found
        .into_iter()
        .filter(|product| audience == Audience::Staff || product.archived_at.is_none())
        .map(|product| (product.id, product))
        .collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}
