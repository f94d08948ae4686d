//! A store with nothing in it, and what the tests put in and look at.

use std::{any::Any, sync::Arc, time::Duration};

use contracts::{
    Currency, CustomerId, Money, OrderId, ProductId, Service, Timestamp,
    events::CustomerDeleted,
    rpc::{OrderStatus, PostalAddress},
};
use platform::{
    idempotency::{Idempotency, Once},
    inbox::Received,
    messaging::Envelope,
    store::{Durability, Store as PlatformStore, StoreUrl},
    timers::Timer,
};
use uuid::Uuid;

use crate::{
    checkout::Input,
    domain::{Cart, CartLine, CartOwner, Order, OrderLine, TimelineEntry},
    store::{AddToCart, Added, Advanced, Cause, PlaceOrder, Placing, Store, open},
};

/// When the tests begin.
pub const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
/// A moment.
pub const SECOND: Duration = Duration::from_secs(1);
/// Longer than any timer of a checkout waits.
pub const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// A store with nothing in it.
pub struct Fixture {
    /// The port under test.
    pub store: Arc<dyn Store>,
    /// What messaging sees of it.
    pub platform: PlatformStore,
    /// What has to live as long as the store.
    _keep: Box<dyn Any + Send + Sync>,
}

impl Fixture {
    /// An embedded one.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::Sqlite(folder.path().to_owned());
        PlatformStore::migrate(&url, Service::Shopping, crate::migrations()).await.unwrap();
        let platform = PlatformStore::open(&url, Service::Shopping, Durability::Normal).await.unwrap();
        Self { store: open(&platform), platform, _keep: Box::new(folder) }
    }

    /// One in a database of its own, on a server.
    #[cfg(feature = "real-servers")]
    pub async fn postgres() -> Self {
        let database = testkit::servers::FreshDatabase::create().await;
        let url = database.store_url();
        PlatformStore::migrate(&url, Service::Shopping, crate::migrations()).await.unwrap();
        let platform = PlatformStore::open(&url, Service::Shopping, Durability::Normal).await.unwrap();
        Self { store: open(&platform), platform, _keep: Box::new(database) }
    }

    /// Puts `quantity` of a product at `amount` cents into a cart.
    pub async fn put(&self, owner: CartOwner, product_id: ProductId, quantity: u32, amount: i64) -> Added {
        let line = CartLine { product_id, quantity, price: euros(amount) };
        match self.store.add_to_cart(addition(owner, line)).await.unwrap() {
            Once::Done(added) => added,
            other => panic!("{other:?}"),
        }
    }

    /// What is in a cart that is there.
    pub async fn cart(&self, owner: CartOwner) -> Cart {
        self.store.cart(owner).await.unwrap().expect("a cart")
    }

    /// What an order for a cart with two products would be, for a customer who has that cart.
    pub async fn prepared(&self, customer_id: CustomerId) -> PlaceOrder {
        let owner = CartOwner::Customer(customer_id);
        self.put(owner, ProductId::new(), 2, 500).await;
        self.put(owner, ProductId::new(), 1, 1_250).await;
        let from = self.cart(owner).await;
        PlaceOrder { order: order(customer_id, &from), from, idempotency: None }
    }

    /// An order that was placed.
    pub async fn placed(&self, customer_id: CustomerId) -> Order {
        let placing = self.prepared(customer_id).await;
        assert_eq!(self.store.place_order(placing.clone()).await.unwrap(), Placing::Placed);
        placing.order
    }

    /// An order that has come as far as `status` on the straight way.
    pub async fn order_in(&self, customer_id: CustomerId, status: OrderStatus) -> OrderId {
        let order_id = self.placed(customer_id).await.id;
        for (input, reached) in straight_way() {
            if self.order(order_id).await.status == status {
                break;
            }
            let cause = if matches!(input, Input::Ship | Input::Deliver | Input::Refund) {
                Cause::Staff
            } else {
                Cause::Message(message())
            };
            let advanced = self.store.advance(order_id, cause, input, NOW).await.unwrap().0;
            assert_eq!(advanced, Advanced::Now(reached));
        }
        assert_eq!(self.order(order_id).await.status, status);
        order_id
    }

    /// An order that is there.
    pub async fn order(&self, order_id: OrderId) -> Order {
        self.store.order(order_id).await.unwrap().expect("an order")
    }

    /// The steps of an order behind number `after`; none if there is no such order.
    pub async fn steps(&self, order_id: OrderId, after: u32) -> Vec<TimelineEntry> {
        let timeline = self.store.timeline(order_id, after).await.unwrap();
        timeline.map(|timeline| timeline.steps).unwrap_or_default()
    }

    /// Everything in the outbox, in order.
    pub async fn published(&self) -> Vec<Envelope> {
        let outbox = self.platform.messaging();
        outbox.hold(NOW, LONG).await.unwrap();
        outbox.fetch(0, 100_000).await.unwrap().into_iter().map(|row| row.envelope.unwrap()).collect()
    }

    /// The types of the events about an order, in order.
    pub async fn told(&self, order_id: OrderId) -> Vec<String> {
        let published = self.published().await.into_iter();
        published.filter(|event| event.aggregate == order_id.0).map(|event| event.event_type).collect()
    }

    /// The timers that are due by `at`, which nobody else gets for a second then.
    pub async fn due(&self, at: Timestamp) -> Vec<Timer> {
        self.platform.messaging().claim_due(at, SECOND, 1_000).await.unwrap()
    }

    /// The timer of an order, if it has one: claimed, as the runner would.
    pub async fn timer(&self, order_id: OrderId) -> Option<Timer> {
        self.due(NOW + LONG).await.into_iter().find(|timer| timer.subject == order_id.0)
    }

    /// Forgets a customer.
    pub async fn forget(&self, customer_id: CustomerId) -> Vec<OrderId> {
        self.store.forget_customer(message(), deleted(customer_id), NOW + SECOND).await.unwrap()
    }
}

/// What happens to an order that goes well, and where it stands then.
fn straight_way() -> [(Input, OrderStatus); 7] {
    [
        (Input::StockReserved, OrderStatus::Reserved),
        (Input::PaymentAuthorised, OrderStatus::Authorised),
        (Input::StockCommitted, OrderStatus::Confirmed),
        (Input::PaymentCaptured, OrderStatus::Confirmed),
        (Input::Ship, OrderStatus::Shipped),
        (Input::Deliver, OrderStatus::Delivered),
        (Input::Refund, OrderStatus::Delivered),
    ]
}

pub const fn euros(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

pub fn addition(owner: CartOwner, line: CartLine) -> AddToCart {
    let new_guest = owner.is_guest();
    AddToCart { owner, new_guest, forget_before: NOW - LONG, line, idempotency: None, now: NOW }
}

/// An order for what is in `cart`.
pub fn order(customer_id: CustomerId, cart: &Cart) -> Order {
    let line = |line: &CartLine| OrderLine {
        product_id: line.product_id,
        name: "Cup, “blue”".to_owned(),
        price: line.price,
        quantity: line.quantity,
    };
    let mut lines: Vec<OrderLine> = cart.lines.iter().map(line).collect();
    lines.sort_by_key(|line| line.product_id);
    let amount = lines.iter().map(|line| line.price.amount * i64::from(line.quantity)).sum();
    Order {
        id: OrderId::new(),
        customer_id: Some(customer_id),
        status: OrderStatus::Pending,
        reason: None,
        lines,
        total: euros(amount),
        payment_token: "tok_ok".to_owned(),
        address: Some(PostalAddress {
            name: Some("Ida Lovelace".to_owned()),
            street: "12 Harbour Street".to_owned(),
            postal_code: "20095".to_owned(),
            city: "Hamburg".to_owned(),
            country: "DE".to_owned(),
        }),
        captured: false,
        refund_requested: false,
        placed_at: NOW,
        updated_at: NOW,
    }
}

/// A message that was not received before.
pub fn message() -> Received {
    Received { consumer: Service::Shopping, message_id: Uuid::now_v7(), occurred_at: NOW }
}

pub fn key(key: &str, request: &str) -> Idempotency {
    Idempotency::new("anna", key, "test", &request)
}

pub fn deleted(customer_id: CustomerId) -> CustomerDeleted {
    CustomerDeleted { customer_id, deleted_at: NOW, tokens_expire_at: NOW + SECOND * 900 }
}
