//! Put more of a product into a cart.

use contracts::ProductId;
use platform::{
    idempotency::{Idempotency, Once},
    messaging::RpcError,
    store::StoreError,
};
use thiserror::Error;

use crate::{
    app::{GUEST_CART_AGE, Shopping},
    domain::{CartError, CartLine, CartOwner},
    store::{self, CartChange},
};

/// What is to be put into which cart.
#[derive(Clone, Debug)]
pub struct Addition {
    /// Whose cart.
    pub owner: CartOwner,
    /// Whether a guest has only now been given the token of this cart.
    pub new_guest: bool,
    /// What.
    pub product_id: ProductId,
    /// How many, at least 1.
    pub quantity: u32,
    /// The client's key, if it sent one.
    pub idempotency: Option<Idempotency>,
}

/// Why it was not put in.
#[derive(Debug, Error)]
pub enum AddToCartError {
    /// There is no such product, or it is no longer sold.
    #[error("there is no such product for sale")]
    NotForSale,
    /// The guest's token is not known.
    #[error("there is no cart for this token")]
    NoCart,
    /// The cart cannot take it.
    #[error(transparent)]
    Refused(#[from] CartError),
    /// The key was used for something else.
    #[error("this idempotency key was used for another request")]
    KeyConflict,
    /// Products could not be asked.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Puts more of a product into a cart, at today's price.
///
/// # Errors
/// [`AddToCartError`]; the cart is then as it was.
pub async fn add_to_cart(shopping: &Shopping, addition: Addition) -> Result<(), AddToCartError> {
    let found = shopping.products(vec![addition.product_id]).await?;
    let product = found.first().filter(|product| !product.archived).ok_or(AddToCartError::NotForSale)?;
    let line = CartLine { product_id: product.id, quantity: addition.quantity, price: product.price };
    let now = shopping.clock.now();
    let addition = store::AddToCart {
        owner: addition.owner,
        new_guest: addition.new_guest,
        forget_before: now - GUEST_CART_AGE,
        line,
        idempotency: addition.idempotency,
        now,
    };
    match shopping.store.add_to_cart(addition).await? {
        Once::Conflict => Err(AddToCartError::KeyConflict),
        Once::Done(CartChange::NoCart) | Once::Replayed(CartChange::NoCart) => Err(AddToCartError::NoCart),
        Once::Done(CartChange::Refused(refusal)) => Err(refusal.into()),
        Once::Done(_) | Once::Replayed(_) => Ok(()),
    }
}
