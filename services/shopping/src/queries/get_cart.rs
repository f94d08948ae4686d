//! What is in a cart, at today's names and prices.

use contracts::{
    Currency, Money,
    rpc::{CartItem, CartView, PricedProduct, ProductSnapshot},
};
use platform::{messaging::RpcError, store::StoreError};
use thiserror::Error;

use crate::{
    app::Shopping,
    domain::{Cart, CartOwner},
};

/// Why a cart cannot be shown.
#[derive(Debug, Error)]
pub enum GetCartError {
    /// The guest's token is not known.
    #[error("there is no cart for this token")]
    NoCart,
    /// Products could not be asked.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A cart with today's names and prices, which products is asked for.
///
/// # Errors
/// [`GetCartError`].
pub async fn get_cart(shopping: &Shopping, owner: CartOwner) -> Result<CartView, GetCartError> {
    let cart = shopping.store.cart(owner).await?.ok_or(GetCartError::NoCart)?;
    Ok(priced(shopping, &cart, Vec::new()).await?)
}

/// `cart` with today's names and prices, of which `found` is known already.
pub(crate) async fn priced(
    shopping: &Shopping,
    cart: &Cart,
    mut found: Vec<ProductSnapshot>,
) -> Result<CartView, RpcError> {
    let mut unknown = cart.product_ids();
    unknown.retain(|id| !found.iter().any(|product| product.id == *id));
    found.extend(shopping.products(&unknown).await?);
    Ok(view(cart, &found))
}

/// `cart` with what products says. A product that it does not know any more is left out.
fn view(cart: &Cart, found: &[ProductSnapshot]) -> CartView {
    let items = cart.lines.iter().filter_map(|line| {
        let product = found.iter().find(|product| product.id == line.product_id)?;
        let subtotal = product.price.times(line.quantity).ok()?;
        let in_stock = Some(product.available >= line.quantity && !product.archived);
        let product = PricedProduct { id: product.id, name: product.name.clone(), price: product.price };
        Some(CartItem { product, quantity: line.quantity, subtotal, in_stock })
    });
    let items: Vec<CartItem> = items.collect();
    let total = Money::sum(items.iter().map(|item| item.subtotal)).ok().flatten();
    CartView { items, total: total.unwrap_or(Money::new(0, Currency::EUR)) }
}
