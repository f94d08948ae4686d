//! The categories.

use platform::store::StoreError;

use crate::{Products, store::Category};

/// The categories that have products in the catalogue, by name.
///
/// # Errors
/// [`StoreError`].
pub async fn list_categories(products: &Products) -> Result<Vec<Category>, StoreError> {
    products.store.categories().await
}
