//! What people do with an order that is placed: the customer cancels it; staff call it off, ship, deliver and refund it.

use contracts::{CustomerId, OrderId, rpc::OrderStatus};
use platform::store::StoreError;
use thiserror::Error;

use crate::{
    app::Shopping,
    checkout::{Input, Refusal},
    store::{Advanced, Cause},
};

/// Why the order stays as it is.
#[derive(Debug, Error)]
pub enum ChangeOrderError {
    /// There is no such order, or it is somebody else's.
    #[error("there is no such order")]
    NotFound,
    /// It cannot do that.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Cancels an order that is not confirmed yet: its stock is released and its payment voided.
///
/// # Errors
/// [`ChangeOrderError`].
pub async fn cancel_order(
    shopping: &Shopping,
    customer_id: CustomerId,
    order_id: OrderId,
) -> Result<OrderStatus, ChangeOrderError> {
    change(shopping, order_id, Cause::Customer(customer_id), Input::Cancel).await
}

/// Calls an order off for the shop, also one that is confirmed and whose payment cannot be captured: its stock is
/// released and its payment voided.
///
/// # Errors
/// [`ChangeOrderError`].
pub async fn call_off_order(shopping: &Shopping, order_id: OrderId) -> Result<OrderStatus, ChangeOrderError> {
    change(shopping, order_id, Cause::Staff, Input::CallOff).await
}

/// Marks a confirmed order as shipped, once it is paid.
///
/// # Errors
/// [`ChangeOrderError`].
pub async fn ship_order(shopping: &Shopping, order_id: OrderId) -> Result<OrderStatus, ChangeOrderError> {
    change(shopping, order_id, Cause::Staff, Input::Ship).await
}

/// Marks a shipped order as delivered.
///
/// # Errors
/// [`ChangeOrderError`].
pub async fn deliver_order(shopping: &Shopping, order_id: OrderId) -> Result<OrderStatus, ChangeOrderError> {
    change(shopping, order_id, Cause::Staff, Input::Deliver).await
}

/// Has the money of an order given back; the order is refunded once payment says so. What comes back into the
/// warehouse is booked as stock by hand.
///
/// # Errors
/// [`ChangeOrderError`].
pub async fn refund_order(shopping: &Shopping, order_id: OrderId) -> Result<OrderStatus, ChangeOrderError> {
    change(shopping, order_id, Cause::Staff, Input::Refund).await
}

async fn change(
    shopping: &Shopping,
    order_id: OrderId,
    cause: Cause,
    input: Input,
) -> Result<OrderStatus, ChangeOrderError> {
    let (advanced, step) = shopping.store.advance(order_id, cause, input, shopping.clock.now()).await?;
    shopping.progress.moved(order_id, step);
    match advanced {
        Advanced::Now(status) => Ok(status),
        Advanced::Before | Advanced::NotFound => Err(ChangeOrderError::NotFound),
        Advanced::Refused(refusal) => Err(refusal.into()),
    }
}
