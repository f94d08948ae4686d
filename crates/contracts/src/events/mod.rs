//! Events: facts that a service publishes, in the past tense, with a version in their type.
//!
//! Delivery is at least once, in order within one aggregate. A consumer applies each message once (by its
//! inbox) and takes late, repeated and reordered ones as they come.

mod customer;
mod order;
mod payment;
mod stock;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::Service;

pub use customer::{CustomerDeleted, SessionRevoked};
pub use order::{
    OrderAuthorised, OrderCancelled, OrderConfirmed, OrderDeclined, OrderLine, OrderPlaced,
    OrderRefundRequested, OrderReserved,
};
pub use payment::{PaymentAuthorised, PaymentCaptured, PaymentDeclined, PaymentRefunded};
pub use stock::{Shortage, StockCommitted, StockExpired, StockRefused, StockReserved};

/// A fact that crosses a service's border.
pub trait Event: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// CloudEvents `type`, which is also the routing key: `order.placed.v1`.
    const TYPE: &'static str;
    /// The service that publishes it: CloudEvents `source`.
    const SOURCE: Service;

    /// The id of what it happened to. Events of one aggregate keep their order.
    fn aggregate(&self) -> Uuid;
}

macro_rules! event {
    ($name:ident, $type:literal, $source:ident, $aggregate:ident) => {
        impl crate::events::Event for $name {
            const TYPE: &'static str = $type;
            const SOURCE: crate::Service = crate::Service::$source;

            fn aggregate(&self) -> uuid::Uuid {
                self.$aggregate.0
            }
        }
    };
}
use event;
