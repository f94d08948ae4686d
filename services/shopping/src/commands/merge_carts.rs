//! Take over what a guest had put into their cart before they signed in.

use contracts::CustomerId;

use super::NoSuchCart;
use crate::{app::Shopping, store::CartChange};

/// Moves the guest's cart into the customer's, as far as it fits. The token is spent.
///
/// # Errors
/// [`NoSuchCart`].
pub async fn merge_carts(
    shopping: &Shopping,
    guest: [u8; 32],
    customer: CustomerId,
) -> Result<(), NoSuchCart> {
    match shopping.store.merge_carts(guest, customer).await? {
        CartChange::NoCart => Err(NoSuchCart::UnknownToken),
        _ => Ok(()),
    }
}
