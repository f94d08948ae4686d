//! Removes an account and all that belongs to it.

use contracts::CustomerId;
use platform::{auth::Revoked, store::StoreError};

use crate::{app::Customer, store::TokensEnd};

/// Removes the account of `id`, and its tokens are refused from now on.
///
/// # Errors
/// [`StoreError`].
pub async fn delete_account(customer: &Customer, id: CustomerId) -> Result<(), StoreError> {
    let ends = TokensEnd::at(customer.clock.now());
    customer.store.delete_account(id, ends).await?;
    customer.revoke(Revoked::Customer(id), ends);
    Ok(())
}
