//! What the payment service answers to the steps of a checkout.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event;
use crate::{Money, OrderId};

/// The provider holds the amount for us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentAuthorised {
    /// For which order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
}
event!(PaymentAuthorised, "payment.authorised.v1", Payment, order_id);

/// The provider said no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentDeclined {
    /// For which order.
    pub order_id: OrderId,
    /// What the provider said, in words for the customer.
    pub reason: String,
}
event!(PaymentDeclined, "payment.declined.v1", Payment, order_id);

/// The amount is ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentCaptured {
    /// For which order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
}
event!(PaymentCaptured, "payment.captured.v1", Payment, order_id);

/// The amount went back to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRefunded {
    /// For which order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
}
event!(PaymentRefunded, "payment.refunded.v1", Payment, order_id);
