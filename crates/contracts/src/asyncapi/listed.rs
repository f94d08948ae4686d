//! The one list of all events and the one of all questions. `tests/listed.rs` fails when either lacks
//! something that the sources define, or when an event that is listed has nobody to hear it.

use schemars::{Schema, SchemaGenerator};

use crate::{
    Service,
    events::{
        CustomerDeleted, Event, OrderAuthorised, OrderCancelled, OrderConfirmed, OrderDeclined, OrderPlaced,
        OrderRefundRequested, OrderReserved, PaymentAuthorised, PaymentCaptured, PaymentDeclined,
        PaymentRefunded, SessionRevoked, StockCommitted, StockExpired, StockRefused, StockReserved,
    },
    rpc::{CustomerOverview, FindAddress, FindProducts, PublicKeys, Rpc},
};

/// Makes the schema of one type, and leaves in the generator those of the types that it is made of.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Every event that crosses a service's border.
pub const EVENTS: &[ListedEvent] = &[
    ListedEvent::of::<CustomerDeleted>(),
    ListedEvent::of::<SessionRevoked>(),
    ListedEvent::of::<OrderPlaced>(),
    ListedEvent::of::<OrderReserved>(),
    ListedEvent::of::<OrderAuthorised>(),
    ListedEvent::of::<OrderConfirmed>(),
    ListedEvent::of::<OrderDeclined>(),
    ListedEvent::of::<OrderCancelled>(),
    ListedEvent::of::<OrderRefundRequested>(),
    ListedEvent::of::<StockReserved>(),
    ListedEvent::of::<StockRefused>(),
    ListedEvent::of::<StockCommitted>(),
    ListedEvent::of::<StockExpired>(),
    ListedEvent::of::<PaymentAuthorised>(),
    ListedEvent::of::<PaymentDeclined>(),
    ListedEvent::of::<PaymentCaptured>(),
    ListedEvent::of::<PaymentRefunded>(),
];

/// Every question that one service may ask of another.
pub const RPCS: &[ListedRpc] = &[
    ListedRpc::of::<PublicKeys>(),
    ListedRpc::of::<FindAddress>(),
    ListedRpc::of::<FindProducts>(),
    ListedRpc::of::<CustomerOverview>(),
];

/// What there is to know of an [`Event`] without a value of it.
#[derive(Clone, Copy, Debug)]
pub struct ListedEvent {
    /// [`Event::TYPE`].
    pub event_type: &'static str,
    /// [`Event::SOURCE`].
    pub source: Service,
    /// The payload's schema.
    pub schema: SchemaOf,
}

impl ListedEvent {
    const fn of<E: Event>() -> Self {
        Self { event_type: E::TYPE, source: E::SOURCE, schema: SchemaGenerator::subschema_for::<E> }
    }
}

/// What there is to know of an [`Rpc`] without a value of it.
#[derive(Clone, Copy, Debug)]
pub struct ListedRpc {
    /// [`Rpc::METHOD`].
    pub method: &'static str,
    /// [`Rpc::SERVICE`].
    pub service: Service,
    /// The question's schema.
    pub request: SchemaOf,
    /// The answer's schema.
    pub reply: SchemaOf,
}

impl ListedRpc {
    const fn of<R: Rpc>() -> Self {
        Self {
            method: R::METHOD,
            service: R::SERVICE,
            request: SchemaGenerator::subschema_for::<R>,
            reply: SchemaGenerator::subschema_for::<R::Reply>,
        }
    }
}
