//! Change how many of a product are in a cart, or take it out.

use contracts::ProductId;
use platform::{messaging::RpcError, store::StoreError};
use thiserror::Error;

use crate::{
    app::Shopping,
    domain::{CartError, CartOwner},
    store::CartChange,
};

/// Why the cart stays as it is.
#[derive(Debug, Error)]
pub enum SetQuantityError {
    /// The product is not in the cart.
    #[error("this product is not in the cart")]
    NotInCart,
    /// It is no longer sold: it can only be taken out.
    #[error("this product is not for sale")]
    NotForSale,
    /// The guest's token is not known.
    #[error("there is no cart for this token")]
    NoCart,
    /// The cart cannot take so many.
    #[error(transparent)]
    Refused(#[from] CartError),
    /// Products could not be asked.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes it `quantity` pieces of a product that is in the cart, at today's price.
///
/// # Errors
/// [`SetQuantityError`].
pub async fn set_quantity(
    shopping: &Shopping,
    owner: CartOwner,
    product_id: ProductId,
    quantity: u32,
) -> Result<(), SetQuantityError> {
    let found = shopping.products(&[product_id]).await?;
    let product = found.first().ok_or(SetQuantityError::NotInCart)?;
    if product.archived {
        let cart = shopping.store.cart(owner).await?.ok_or(SetQuantityError::NoCart)?;
        let is_in_cart = cart.product_ids().contains(&product_id);
        return Err(if is_in_cart { SetQuantityError::NotForSale } else { SetQuantityError::NotInCart });
    }
    change(shopping, owner, product_id, Some((quantity, product.price))).await
}

/// Takes a product out of the cart.
///
/// # Errors
/// [`SetQuantityError`].
pub async fn remove_from_cart(
    shopping: &Shopping,
    owner: CartOwner,
    product_id: ProductId,
) -> Result<(), SetQuantityError> {
    change(shopping, owner, product_id, None).await
}

async fn change(
    shopping: &Shopping,
    owner: CartOwner,
    product_id: ProductId,
    to: Option<(u32, contracts::Money)>,
) -> Result<(), SetQuantityError> {
    match shopping.store.set_quantity(owner, product_id, to, shopping.clock.now()).await? {
        CartChange::Changed => Ok(()),
        CartChange::NotInCart => Err(SetQuantityError::NotInCart),
        CartChange::NoCart => Err(SetQuantityError::NoCart),
        CartChange::Refused(refusal) => Err(refusal.into()),
    }
}
