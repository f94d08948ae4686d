//! Put more of a product into a cart.

use contracts::{ProductId, rpc::CartView};
use platform::{
    idempotency::{Idempotency, Once},
    messaging::RpcError,
    store::StoreError,
};
use thiserror::Error;

use crate::{
    app::{GUEST_CART_AGE, Shopping},
    domain::{CartError, CartLine, CartOwner},
    queries,
    store::{self, Added},
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
/// # Returns
/// The cart with it. Everything in it is asked for together, so that showing it takes no second question.
///
/// # Errors
/// [`AddToCartError`]; the cart is then as it was.
pub async fn add_to_cart(shopping: &Shopping, addition: Addition) -> Result<CartView, AddToCartError> {
    let so_far = shopping.store.cart(addition.owner).await?.unwrap_or_default();
    let mut ids = so_far.product_ids();
    ids.push(addition.product_id);
    let found = shopping.products(&ids).await?;
    let product = found.iter().find(|product| product.id == addition.product_id && !product.archived);
    let product = product.ok_or(AddToCartError::NotForSale)?;
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
        Once::Done(Added::NoCart) | Once::Replayed(Added::NoCart) => Err(AddToCartError::NoCart),
        Once::Done(Added::Refused(refusal)) | Once::Replayed(Added::Refused(refusal)) => Err(refusal.into()),
        Once::Done(Added::Cart(cart)) | Once::Replayed(Added::Cart(cart)) => {
            Ok(queries::priced(shopping, &cart, found).await?)
        }
    }
}
