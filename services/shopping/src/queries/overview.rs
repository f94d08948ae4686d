//! What shopping knows of a customer, for the customer service to show with the profile.

use contracts::rpc::{CustomerOverview, ShoppingOverview};
use platform::messaging::RpcError;

use super::{GetCartError, ListWishlistError, Viewer, get_cart, list_orders, list_wishlist, order_view};
use crate::{app::Shopping, domain::CartOwner, store::OrderFilter};

/// Orders that an overview shows.
const ORDERS: u32 = 20;

/// A customer's cart, wishlist and latest orders.
///
/// # Errors
/// [`RpcError`].
pub async fn overview(shopping: &Shopping, asked: CustomerOverview) -> Result<ShoppingOverview, RpcError> {
    let customer_id = asked.customer_id;
    let cart = get_cart(shopping, CartOwner::Customer(customer_id)).await.map_err(|error| match error {
        GetCartError::Rpc(error) => error,
        GetCartError::Store(error) => error.into(),
        GetCartError::NoCart => RpcError::Failed("a customer without a cart".to_owned()),
    })?;
    let wishlist = list_wishlist(shopping, customer_id).await.map_err(|error| match error {
        ListWishlistError::Rpc(error) => error,
        ListWishlistError::Store(error) => error.into(),
    })?;
    let filter = OrderFilter { customer_id: Some(customer_id), status: None };
    let orders = list_orders(shopping, filter, None, ORDERS).await?.into_iter();
    let orders = orders.map(|order| order_view(order, Viewer::Customer(customer_id))).collect();
    Ok(ShoppingOverview { cart, wishlist, orders })
}
