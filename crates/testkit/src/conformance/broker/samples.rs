//! Real events and questions to send.

use std::time::Duration;

use bytes::Bytes;
use contracts::{
    Currency, CustomerId, Money, OrderId, ProductId, Service, SessionId, Timestamp,
    events::{
        CustomerDeleted, OrderAuthorised, OrderCancelled, OrderConfirmed, OrderDeclined, OrderLine,
        OrderPlaced, OrderRefundRequested, OrderReserved, PaymentAuthorised, PaymentCaptured,
        PaymentDeclined, PaymentRefunded, SessionRevoked, StockCommitted, StockExpired, StockRefused,
        StockReserved,
    },
    rpc::{FindProducts, Rpc as _},
};
use platform::{
    messaging::{Envelope, RpcCall},
    trace::TraceContext,
};

/// An order of `quantity` pieces: an event that products alone consumes.
pub(super) fn placed(order_id: OrderId, quantity: u32) -> Envelope {
    let lines = vec![OrderLine { product_id: ProductId::new(), quantity }];
    Envelope::seal(&OrderPlaced { order_id, lines }, Timestamp::now())
}

/// How many pieces an order of [`placed`] is for.
pub(super) fn quantity(envelope: &Envelope) -> u32 {
    let placed: OrderPlaced = envelope.open().expect("an order that was placed");
    placed.lines[0].quantity
}

/// An event that shopping alone consumes.
pub(super) fn reserved() -> Envelope {
    let now = Timestamp::now();
    Envelope::seal(&StockReserved { order_id: OrderId::new(), expires_at: now }, now)
}

/// An event that products, shopping and payment consume.
pub(super) fn deleted() -> Envelope {
    let now = Timestamp::now();
    let customer_id = CustomerId::new();
    Envelope::seal(&CustomerDeleted { customer_id, deleted_at: now, tokens_expire_at: now }, now)
}

/// One event of each type.
pub(super) fn one_of_each() -> Vec<Envelope> {
    let (now, order_id, total) = (Timestamp::now(), OrderId::new(), Money::new(1_250, Currency::EUR));
    let (session_id, customer_id) = (SessionId::new(), CustomerId::new());
    let reason = "not enough money".to_owned();
    vec![
        deleted(),
        Envelope::seal(&SessionRevoked { session_id, customer_id, tokens_expire_at: now }, now),
        placed(order_id, 1),
        Envelope::seal(&OrderReserved { order_id, total, payment_token: "tok_ok".to_owned() }, now),
        Envelope::seal(&OrderAuthorised { order_id }, now),
        Envelope::seal(&OrderConfirmed { order_id, total }, now),
        Envelope::seal(&OrderDeclined { order_id }, now),
        Envelope::seal(&OrderCancelled { order_id }, now),
        Envelope::seal(&OrderRefundRequested { order_id, total }, now),
        Envelope::seal(&PaymentAuthorised { order_id, amount: total }, now),
        Envelope::seal(&PaymentDeclined { order_id, reason }, now),
        Envelope::seal(&PaymentCaptured { order_id, amount: total }, now),
        Envelope::seal(&PaymentRefunded { order_id, amount: total }, now),
        reserved(),
        Envelope::seal(&StockRefused { order_id, shortages: Vec::new() }, now),
        Envelope::seal(&StockCommitted { order_id }, now),
        Envelope::seal(&StockExpired { order_id }, now),
    ]
}

/// A question to products that ends `within` a time from now. Its payload is `text` as a JSON string.
pub(super) fn question(text: &str, within: Duration) -> RpcCall {
    RpcCall {
        service: Service::Products,
        method: FindProducts::METHOD.to_owned(),
        payload: json(text),
        deadline: Timestamp::now() + within,
        trace: TraceContext::root(),
    }
}

/// `text` as a JSON string.
pub(super) fn json(text: &str) -> Bytes {
    serde_json::to_vec(text).unwrap_or_default().into()
}
