//! Take everything out of a cart.

use platform::store::StoreError;
use thiserror::Error;

use crate::{app::Shopping, domain::CartOwner, store::CartChange};

/// Why there is no cart to work on.
#[derive(Debug, Error)]
pub enum NoSuchCart {
    /// The guest's token is not known.
    #[error("there is no cart for this token")]
    UnknownToken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes everything out of a cart.
///
/// # Errors
/// [`NoSuchCart`].
pub async fn clear_cart(shopping: &Shopping, owner: CartOwner) -> Result<(), NoSuchCart> {
    match shopping.store.clear_cart(owner, shopping.clock.now()).await? {
        CartChange::NoCart => Err(NoSuchCart::UnknownToken),
        _ => Ok(()),
    }
}
