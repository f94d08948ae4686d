//! Who listens to what. Every broker adapter declares its queues from here, so that an event that a service
//! must hear waits for it even if the service has never run.

use crate::{
    Service,
    events::{
        CustomerDeleted, Event, OrderAuthorised, OrderCancelled, OrderConfirmed, OrderDeclined, OrderPlaced,
        OrderRefundRequested, OrderReserved, PaymentAuthorised, PaymentCaptured, PaymentDeclined,
        PaymentRefunded, SessionRevoked, StockCommitted, StockExpired, StockRefused, StockReserved,
    },
};

/// The types of events that `service` consumes.
#[must_use]
pub const fn subscriptions_of(service: Service) -> &'static [&'static str] {
    match service {
        Service::Customer => &[],
        Service::Products => &[
            CustomerDeleted::TYPE,
            SessionRevoked::TYPE,
            OrderPlaced::TYPE,
            OrderAuthorised::TYPE,
            OrderDeclined::TYPE,
            OrderCancelled::TYPE,
        ],
        Service::Shopping => &[
            CustomerDeleted::TYPE,
            SessionRevoked::TYPE,
            StockReserved::TYPE,
            StockRefused::TYPE,
            StockCommitted::TYPE,
            StockExpired::TYPE,
            PaymentAuthorised::TYPE,
            PaymentDeclined::TYPE,
            PaymentCaptured::TYPE,
            PaymentRefunded::TYPE,
        ],
        Service::Payment => &[
            CustomerDeleted::TYPE,
            SessionRevoked::TYPE,
            OrderReserved::TYPE,
            OrderConfirmed::TYPE,
            OrderCancelled::TYPE,
            OrderRefundRequested::TYPE,
        ],
    }
}

/// The services that consume events of type `event_type`.
pub fn consumers_of(event_type: &str) -> impl Iterator<Item = Service> + '_ {
    Service::ALL.into_iter().filter(move |service| subscriptions_of(*service).contains(&event_type))
}
