//! One order, and how it came to where it stands.

use contracts::{CustomerId, OrderId};
use platform::store::StoreError;

use crate::{
    app::Shopping,
    domain::{Order, Timeline, TimelineEntry},
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

/// What an order that `viewer` was let see has done since step `after`.
///
/// # Returns
/// The steps, none if there are none yet; `None` if there are no more to come: its checkout is over, or the order is not for
/// these eyes any more. Its last steps are told all the same.
///
/// # Errors
/// [`StoreError`].
pub async fn steps_since(
    shopping: &Shopping,
    viewer: Viewer,
    order_id: OrderId,
    after: u32,
) -> Result<Option<Vec<TimelineEntry>>, StoreError> {
    let timeline = shopping.store.timeline(order_id, after).await?;
    Ok(timeline.and_then(|timeline| still_to_tell(viewer, timeline)))
}

fn still_to_tell(viewer: Viewer, timeline: Timeline) -> Option<Vec<TimelineEntry>> {
    let Timeline { customer_id, status, steps } = timeline;
    let more = !status.is_settled() && viewer.may_see(customer_id);
    (more || !steps.is_empty()).then_some(steps)
}

#[cfg(test)]
mod tests {
    use contracts::{
        Timestamp,
        rpc::OrderStatus::{self, Cancelled, Reserved},
    };

    use super::*;

    /// What is told of an order of `customer_id` that stands at `status`, and how many of its steps.
    fn told(
        viewer: Viewer,
        customer_id: Option<CustomerId>,
        status: OrderStatus,
        steps: u32,
    ) -> Option<usize> {
        let step =
            |number| TimelineEntry { number, at: Timestamp::from_micros(0), status, note: String::new() };
        let timeline = Timeline { customer_id, status, steps: (1..=steps).map(step).collect() };
        still_to_tell(viewer, timeline).map(|steps| steps.len())
    }

    #[test]
    fn an_order_is_followed_to_its_last_step_and_no_further() {
        let anna = CustomerId::new();
        for viewer in [Viewer::Customer(anna), Viewer::Staff] {
            assert_eq!(told(viewer, Some(anna), Reserved, 0), Some(0), "there is more to come");
            assert_eq!(told(viewer, Some(anna), Cancelled, 2), Some(2));
            assert_eq!(told(viewer, Some(anna), Cancelled, 0), None, "all was told");
            assert_eq!(
                told(viewer, None, Cancelled, 1),
                Some(1),
                "the customer is gone: the last step is told"
            );
        }
        assert_eq!(told(Viewer::Staff, None, Reserved, 0), Some(0));
        assert_eq!(told(Viewer::Customer(anna), None, Reserved, 0), None, "it is nobody's");
        assert_eq!(told(Viewer::Customer(CustomerId::new()), Some(anna), Reserved, 0), None);
    }
}
