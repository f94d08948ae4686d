//! What the products service answers to the steps of a checkout.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event;
use crate::{OrderId, ProductId, Timestamp};

/// All the stock of an order is reserved, until it expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockReserved {
    /// For which order.
    pub order_id: OrderId,
    /// When the reservation lapses unless it is committed first.
    pub expires_at: Timestamp,
}
event!(StockReserved, "stock.reserved.v1", Products, order_id);

/// A product of which there was not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shortage {
    /// Which product.
    pub product_id: ProductId,
    /// How many were asked for.
    pub requested: u32,
    /// How many there were.
    pub available: u32,
}

/// Some of an order's stock is lacking, so that none of it is reserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockRefused {
    /// For which order.
    pub order_id: OrderId,
    /// What was lacking.
    pub shortages: Vec<Shortage>,
}
event!(StockRefused, "stock.refused.v1", Products, order_id);

/// The reserved stock of an order is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockCommitted {
    /// For which order.
    pub order_id: OrderId,
}
event!(StockCommitted, "stock.committed.v1", Products, order_id);

/// A reservation lapsed before it was committed, or was not there when it was to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockExpired {
    /// For which order.
    pub order_id: OrderId,
}
event!(StockExpired, "stock.expired.v1", Products, order_id);
