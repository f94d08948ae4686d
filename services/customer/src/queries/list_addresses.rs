//! The addresses of a customer, a page at a time.

use contracts::{AddressId, CustomerId};
use platform::store::StoreError;

use crate::{app::Customer, domain::Address};

/// The first `limit` addresses of `owner` behind `after`, in the order in which they were added.
///
/// # Errors
/// [`StoreError`].
pub async fn list_addresses(
    customer: &Customer,
    owner: CustomerId,
    after: Option<AddressId>,
    limit: u32,
) -> Result<Vec<Address>, StoreError> {
    customer.store.addresses(owner, after, limit).await
}
