//! One order, and how it came to where it stands.

use contracts::{CustomerId, OrderId};
use platform::store::StoreError;

use crate::{
    app::Shopping,
    domain::{Order, Timeline},
};

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// A customer sees their own orders.
    Customer(CustomerId),
    /// Staff see all.
    Staff,
}

impl Viewer {
    /// Whether an order of `customer_id` is one for these eyes.
    fn may_see(self, customer_id: Option<CustomerId>) -> bool {
        match self {
            Self::Customer(viewer) => customer_id == Some(viewer),
            Self::Staff => true,
        }
    }
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
    Ok(order.filter(|order| viewer.may_see(order.customer_id)))
}

/// Where an order stands, with its steps behind number `after`, if there is one that `viewer` may see.
///
/// # Errors
/// [`StoreError`].
pub async fn get_timeline(
    shopping: &Shopping,
    viewer: Viewer,
    order_id: OrderId,
    after: u32,
) -> Result<Option<Timeline>, StoreError> {
    let timeline = shopping.store.timeline(order_id, after).await?;
    Ok(timeline.filter(|timeline| viewer.may_see(timeline.customer_id)))
}
