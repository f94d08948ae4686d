//! What the shopping service publishes: one event for each step that the checkout takes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event;
use crate::{Money, OrderId, ProductId};

/// So many pieces of one product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    /// Which product.
    pub product_id: ProductId,
    /// How many, at least 1.
    pub quantity: u32,
}

/// A customer placed an order: its stock is to be reserved, all of it or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPlaced {
    /// Which order.
    pub order_id: OrderId,
    /// What was ordered: each product once, in the order of the product ids.
    pub lines: Vec<OrderLine>,
}
event!(OrderPlaced, "order.placed.v1", Shopping, order_id);

/// The stock is reserved: the payment is to be authorised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderReserved {
    /// Which order.
    pub order_id: OrderId,
    /// What is owed.
    pub total: Money,
    /// The payment provider's token for the customer's means of payment.
    pub payment_token: String,
}
event!(OrderReserved, "order.reserved.v1", Shopping, order_id);

/// The payment is authorised: the reserved stock is to be sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderAuthorised {
    /// Which order.
    pub order_id: OrderId,
}
event!(OrderAuthorised, "order.authorised.v1", Shopping, order_id);

/// The order stands: the authorised amount is to be captured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderConfirmed {
    /// Which order.
    pub order_id: OrderId,
    /// What is owed.
    pub total: Money,
}
event!(OrderConfirmed, "order.confirmed.v1", Shopping, order_id);

/// The payment was declined: the stock is to be released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderDeclined {
    /// Which order.
    pub order_id: OrderId,
}
event!(OrderDeclined, "order.declined.v1", Shopping, order_id);

/// The order was cancelled: its stock is to be released and its payment voided, whether or not
/// either has been asked for yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderCancelled {
    /// Which order.
    pub order_id: OrderId,
}
event!(OrderCancelled, "order.cancelled.v1", Shopping, order_id);

/// Staff gave the money back: what was captured is to be refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderRefundRequested {
    /// Which order.
    pub order_id: OrderId,
    /// How much.
    pub total: Money,
}
event!(OrderRefundRequested, "order.refund_requested.v1", Shopping, order_id);
