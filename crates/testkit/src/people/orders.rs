//! Looking at orders until they are where they ought to be.

use std::time::Duration;

use contracts::{
    OrderId,
    rpc::{
        OrderStatus::{self, Authorised, Pending, Reserved},
        OrderView,
    },
};

use crate::{client::Client, wait::within};

/// How long a checkout may take. One of its steps is tried again after ten seconds, if its answer was lost.
const CHECKOUT_LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn find(client: &Client, id: OrderId) -> OrderView {
    client.get(&format!("/shopping/orders/{id}")).await.expect(200).json()
}

/// Waits until the order has this status; one that has ended otherwise is not waited for.
pub(super) async fn reaches(client: &Client, id: OrderId, status: OrderStatus) -> OrderView {
    within(CHECKOUT_LIMIT, &format!("order {id} to be {}", status.as_str()), || async {
        let order = find(client, id).await;
        assert!(order.status == status || may_become(order.status, status), "not {status:?}: {order:#?}");
        (order.status == status).then_some(order)
    })
    .await
}

/// Waits until the checkout is over, well or badly.
pub(super) async fn ends(client: &Client, id: OrderId) -> OrderView {
    within(CHECKOUT_LIMIT, &format!("the checkout of order {id} to end"), || async {
        let order = find(client, id).await;
        (!matches!(order.status, Pending | Reserved | Authorised)).then_some(order)
    })
    .await
}

fn may_become(now: OrderStatus, then: OrderStatus) -> bool {
    match now {
        Pending | Reserved | Authorised => true,
        OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered => {
            matches!(then, OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Refunded)
        }
        OrderStatus::Rejected | OrderStatus::Declined | OrderStatus::Cancelled | OrderStatus::Refunded => {
            false
        }
    }
}
