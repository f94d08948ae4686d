//! One order, and how it came to where it stands.

use contracts::{CustomerId, OrderId};
use platform::store::StoreError;

use crate::{
    app::Shopping,
    domain::{Order, TimelineEntry},
};

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// A customer sees their own orders.
    Customer(CustomerId),
    /// Staff see all.
    Staff,
}

/// The order, if there is one that `viewer` may see.
///
/// # Errors
/// [`StoreError`].
pub async fn get_order(
    shopping: &Shopping,
    viewer: Viewer,
    order_id: OrderId,
) -> Result<Option<Order>, StoreError> {
    let order = shopping.store.order(order_id).await?;
    Ok(order.filter(|order| match viewer {
        Viewer::Customer(customer_id) => order.customer_id == Some(customer_id),
        Viewer::Staff => true,
    }))
}

/// The steps of an order behind number `after`, for somebody who may see it.
///
/// # Errors
/// [`StoreError`].
pub async fn get_timeline(
    shopping: &Shopping,
    order_id: OrderId,
    after: u32,
) -> Result<Vec<TimelineEntry>, StoreError> {
    shopping.store.timeline(order_id, after).await
}
