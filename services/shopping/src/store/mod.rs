//! The store's port: one method a use case, and each method one transaction.

#[cfg(test)]
mod conformance;
mod postgres;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use contracts::{
    CustomerId, Money, OrderId, ProductId, Timestamp, events::CustomerDeleted, rpc::OrderStatus,
};
use platform::{
    idempotency::{Idempotency, Known, Once},
    inbox::Received,
    store::StoreError,
    timers::Timer,
};

use crate::{
    checkout::{Input, Refusal},
    domain::{Cart, CartError, CartLine, CartOwner, Order, Timeline, TimelineEntry},
};

/// What shopping keeps.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// A cart; `None` if a guest's is not known. A customer always has one, be it empty.
    async fn cart(&self, owner: CartOwner) -> Result<Option<Cart>, StoreError>;

    /// Puts more of a product into a cart.
    async fn add_to_cart(&self, addition: AddToCart) -> Result<Once<Added>, StoreError>;

    /// Sets how many of a product are in a cart, at the price shown now; `None` takes it out.
    async fn set_quantity(
        &self,
        owner: CartOwner,
        product_id: ProductId,
        to: Option<(u32, Money)>,
        now: Timestamp,
    ) -> Result<CartChange, StoreError>;

    /// Takes everything out of a cart.
    async fn clear_cart(&self, owner: CartOwner, now: Timestamp) -> Result<CartChange, StoreError>;

    /// Moves a guest's cart into a customer's, and forgets the guest's.
    async fn merge_carts(&self, guest: [u8; 32], customer: CustomerId) -> Result<CartChange, StoreError>;

    /// Takes note of the prices that a customer has been told anew.
    async fn reprice_cart(&self, owner: CartOwner, prices: Vec<(ProductId, Money)>)
    -> Result<(), StoreError>;

    /// Puts a product on a wishlist, if it is not there yet and there are fewer than `limit`.
    ///
    /// # Returns
    /// Whether there was room.
    async fn add_to_wishlist(
        &self,
        customer_id: CustomerId,
        product_id: ProductId,
        limit: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Takes a product off a wishlist.
    ///
    /// # Returns
    /// Whether it was on it.
    async fn remove_from_wishlist(
        &self,
        customer_id: CustomerId,
        product_id: ProductId,
    ) -> Result<bool, StoreError>;

    /// What is on a wishlist, newest first.
    async fn wishlist(&self, customer_id: CustomerId) -> Result<Vec<(ProductId, Timestamp)>, StoreError>;

    /// The order that was placed with a key, if one was.
    async fn placed_with(&self, idempotency: Idempotency) -> Result<Known<OrderId>, StoreError>;

    /// Places an order: the order, its first event, its timer, its idempotency key, and the emptied cart.
    async fn place_order(&self, placing: PlaceOrder) -> Result<Placing, StoreError>;

    /// Lets something happen to an order: the inbox row or the timer, the order, what it tells the others, its timeline.
    ///
    /// # Returns
    /// What became of it, and the step that its timeline gained, if it did.
    async fn advance(
        &self,
        order_id: OrderId,
        cause: Cause,
        input: Input,
        now: Timestamp,
    ) -> Result<(Advanced, Option<TimelineEntry>), StoreError>;

    /// Forgets a customer: cart and wishlist, whose the orders were, and orders that are still being checked out are
    /// cancelled. The address of a parcel that is still to arrive is kept until it has.
    ///
    /// # Returns
    /// The orders that were cancelled.
    async fn forget_customer(
        &self,
        received: Received,
        deleted: CustomerDeleted,
        now: Timestamp,
    ) -> Result<Vec<OrderId>, StoreError>;

    /// An order.
    async fn order(&self, order_id: OrderId) -> Result<Option<Order>, StoreError>;

    /// Orders, newest first.
    async fn orders(
        &self,
        filter: OrderFilter,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<Order>, StoreError>;

    /// Where an order stands, with its steps behind number `after`.
    async fn timeline(&self, order_id: OrderId, after: u32) -> Result<Option<Timeline>, StoreError>;

    /// Looks for orders that something happened to twice, and for keys that two orders, or none, were placed with.
    async fn audit_orders(&self) -> Result<OrderAudit, StoreError>;
}

/// The adapter for `store`.
#[must_use]
pub fn open(store: &platform::store::Store) -> Arc<dyn Store> {
    match store {
        platform::store::Store::Sqlite(database) => Arc::new(sqlite::SqliteStore::new(database.clone())),
        platform::store::Store::Postgres(database) => {
            Arc::new(postgres::PostgresStore::new(database.clone()))
        }
    }
}

/// What is to be put into which cart.
#[derive(Clone, Debug)]
pub struct AddToCart {
    /// Whose cart. A guest's that is not known is made if `new_guest` says so.
    pub owner: CartOwner,
    /// Whether the guest has only now been given their token.
    pub new_guest: bool,
    /// Guests' carts that nobody has touched since then are forgotten when a new one is made.
    pub forget_before: Timestamp,
    /// What.
    pub line: CartLine,
    /// The client's key, if it sent one.
    pub idempotency: Option<Idempotency>,
    /// When.
    pub now: Timestamp,
}

/// What became of an addition to a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// The cart as it is now.
    Cart(Cart),
    /// There is no such cart: a guest's token that is not known.
    NoCart,
    /// The cart cannot take it.
    Refused(CartError),
}

/// What became of a change to a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CartChange {
    /// It was made.
    Changed,
    /// The product is not in the cart.
    NotInCart,
    /// There is no such cart: a guest's token that is not known.
    NoCart,
    /// The cart cannot take it.
    Refused(CartError),
}

/// An order to be placed.
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    /// The order, pending.
    pub order: Order,
    /// The cart that it was made from, as it was then.
    pub from: Cart,
    /// The client's key, if it sent one.
    pub idempotency: Option<Idempotency>,
}

/// What became of an order that was to be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placing {
    /// It was.
    Placed,
    /// One was placed with this key before.
    Replayed(OrderId),
    /// The key was used for something else.
    KeyConflict,
    /// The cart is not what it was.
    CartChanged,
    /// The customer has been deleted meanwhile.
    CustomerGone,
}

/// Why something happens to an order.
#[derive(Clone, Debug)]
pub enum Cause {
    /// A message, which counts once.
    Message(Received),
    /// A timer, which counts if it still stands.
    Timer(Timer),
    /// The customer, who must be the order's.
    Customer(CustomerId),
    /// Staff.
    Staff,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// It happened. The order now stands so, and nothing may have changed.
    Now(OrderStatus),
    /// It had happened before, or the timer no longer stood.
    Before,
    /// There is no such order, or it is somebody else's.
    NotFound,
    /// The order cannot do that.
    Refused(Refusal),
}

/// What an audit of the orders found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderAudit {
    /// Idempotency keys that orders were placed with.
    pub keys: u64,
    /// Keys whose order is missing.
    pub keys_without_order: u64,
    /// Orders that two keys lead to.
    pub orders_with_two_keys: u64,
    /// Steps that some order took more than once.
    pub repeated_steps: u64,
}

/// Which orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderFilter {
    /// Whose; `None` for everybody's.
    pub customer_id: Option<CustomerId>,
    /// In which status; `None` for any.
    pub status: Option<OrderStatus>,
}
