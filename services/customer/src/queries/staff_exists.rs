//! Whether anybody runs the shop.

use platform::store::{Store, StoreError};

use crate::store;

/// Whether the store of the customer service has an account with the role of staff.
///
/// # Errors
/// [`StoreError`].
pub async fn staff_exists(store: &Store) -> Result<bool, StoreError> {
    store::open(store).staff_exists().await
}
