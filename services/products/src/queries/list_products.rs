//! Lists of products.

use platform::store::StoreError;

use crate::{
    Products,
    domain::{Listing, Product, is_category},
};

/// The products of a list.
///
/// # Errors
/// [`StoreError`].
pub async fn list_products(products: &Products, listing: Listing) -> Result<Vec<Product>, StoreError> {
    products.store.list_products(listing).await
}

/// The products of a list within `category`; `None` if there is no such category.
///
/// # Errors
/// [`StoreError`].
pub async fn list_category(
    products: &Products,
    category: String,
    listing: Listing,
) -> Result<Option<Vec<Product>>, StoreError> {
    if !is_category(&category) {
        return Ok(None);
    }
    let archived = listing.archived;
    let within = Listing { category: Some(category.clone()), ..listing };
    let listed = products.store.list_products(within).await?;
    // An empty page of a category that exists is an empty page; of what is archived every category may have been.
    let exists = archived || !listed.is_empty() || products.store.has_category(&category).await?;
    Ok(exists.then_some(listed))
}
