//! Orders, newest first.

use contracts::{
    OrderId,
    rpc::{CartItem, OrderView, PricedProduct},
};
use platform::store::StoreError;

use super::Viewer;
use crate::{
    app::Shopping,
    domain::{Order, OrderLine},
    store::OrderFilter,
};

/// Up to `limit` orders that `filter` lets through, behind `after`.
///
/// # Errors
/// [`StoreError`].
pub async fn list_orders(
    shopping: &Shopping,
    filter: OrderFilter,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Order>, StoreError> {
    shopping.store.orders(filter, after, limit).await
}

/// An order as `viewer` sees it.
#[must_use]
pub fn order_view(order: Order, viewer: Viewer) -> OrderView {
    OrderView {
        id: order.id,
        customer_id: order.customer_id.filter(|_| viewer == Viewer::Staff),
        status: order.status,
        reason: order.reason,
        items: order.lines.into_iter().map(item).collect(),
        total: order.total,
        captured: order.captured,
        refund_requested: order.refund_requested,
        address: order.address,
        placed_at: order.placed_at,
        updated_at: order.updated_at,
    }
}

fn item(line: OrderLine) -> CartItem {
    // An order's total was added up when it was placed, so its parts fit.
    let subtotal = line.price.times(line.quantity).unwrap_or(line.price);
    let product = PricedProduct { id: line.product_id, name: line.name, price: line.price };
    CartItem { product, quantity: line.quantity, subtotal, in_stock: None }
}
