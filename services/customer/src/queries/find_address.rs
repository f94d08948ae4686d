//! Where an address of a customer lies.

use contracts::{AddressId, CustomerId};
use platform::store::StoreError;

use crate::{app::Customer, domain::AddressDetails};

/// The address `id`, if it is one of `owner`'s.
///
/// # Errors
/// [`StoreError`].
pub async fn find_address(
    customer: &Customer,
    owner: CustomerId,
    id: AddressId,
) -> Result<Option<AddressDetails>, StoreError> {
    customer.store.address(owner, id).await
}
