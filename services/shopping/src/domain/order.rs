//! The order: what was bought, at the prices of the day.

use contracts::{
    CustomerId, Money, OrderId, ProductId, Timestamp,
    rpc::{OrderStatus, PostalAddress},
};
use serde::{Deserialize, Serialize};

/// So many pieces of one product, as they were sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// Which product.
    pub product_id: ProductId,
    /// What it was called.
    pub name: String,
    /// What a piece cost.
    pub price: Money,
    /// How many.
    pub quantity: u32,
}

/// An order and how far its checkout has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Which order.
    pub id: OrderId,
    /// Whose; `None` once the customer is gone.
    pub customer_id: Option<CustomerId>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Why it ended as it did, in words for the customer.
    pub reason: Option<String>,
    /// What was ordered, in the order of the product ids.
    pub lines: Vec<OrderLine>,
    /// What it costs.
    pub total: Money,
    /// The payment provider's token.
    pub payment_token: String,
    /// Where it goes.
    pub address: Option<PostalAddress>,
    /// Whether the money is ours.
    pub captured: bool,
    /// Whether staff have asked for the money to go back.
    pub refund_requested: bool,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Order {
    /// Whether its checkout is over, well or badly.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.status.is_settled()
    }
}

/// How an order came to where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// Whose order it is; `None` once the customer is gone.
    pub customer_id: Option<CustomerId>,
    /// Where the order stands.
    pub status: OrderStatus,
    /// The steps that were asked for, in their order.
    pub steps: Vec<TimelineEntry>,
}

/// A step that an order took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// Counts from 1 within an order.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Where the order stood then.
    pub status: OrderStatus,
    /// What happened, in words for the customer.
    pub note: String,
}
