//! What an account says, and what its owner has in the shop.

use contracts::{
    CustomerId,
    rpc::{CustomerOverview, ShoppingOverview},
};
use platform::{messaging::RpcError, store::StoreError};
use thiserror::Error;

use crate::{app::Customer, domain::Profile};

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum GetProfileError {
    /// There is no such account any more.
    #[error("the account is gone")]
    Gone,
    /// Shopping did not tell.
    #[error(transparent)]
    Shopping(#[from] RpcError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the account of `id` says, and with `include_shopping` what shopping knows of its owner.
///
/// # Errors
/// [`GetProfileError`].
pub async fn get_profile(
    customer: &Customer,
    id: CustomerId,
    include_shopping: bool,
) -> Result<(Profile, Option<ShoppingOverview>), GetProfileError> {
    let profile = customer.store.profile(id).await?.ok_or(GetProfileError::Gone)?;
    if !include_shopping {
        return Ok((profile, None));
    }
    let overview = customer.rpc.ask(&CustomerOverview { customer_id: id }).await?;
    Ok((profile, Some(overview)))
}
