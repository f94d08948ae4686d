//! Shopping's store in SQLite.

mod advance;
mod audit;
mod carts;
mod customers;
mod orders;
mod wishlists;

use async_trait::async_trait;
use contracts::{CustomerId, Money, OrderId, ProductId, Timestamp, events::CustomerDeleted};
use platform::{
    idempotency::{Idempotency, Known, Once, sqlite as idempotency},
    inbox::Received,
    store::{StoreError, sqlite::Database},
};

use super::{
    AddToCart, Added, Advanced, CartChange, Cause, OrderAudit, OrderFilter, PlaceOrder, Placing, Store,
};
use crate::{
    checkout::Input,
    domain::{Cart, CartOwner, Order, Timeline, TimelineEntry},
};

/// The adapter.
pub struct SqliteStore {
    database: Database,
}

impl SqliteStore {
    /// An adapter for `database`, whose schema is up to date.
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn cart(&self, owner: CartOwner) -> Result<Option<Cart>, StoreError> {
        self.database.read(move |c| carts::find(c, owner)).await
    }

    async fn add_to_cart(&self, addition: AddToCart) -> Result<Once<Added>, StoreError> {
        self.database.write(move |t| carts::add(t, &addition)).await
    }

    async fn set_quantity(
        &self,
        owner: CartOwner,
        product_id: ProductId,
        to: Option<(u32, Money)>,
        now: Timestamp,
    ) -> Result<CartChange, StoreError> {
        self.database.write(move |t| carts::set_quantity(t, owner, product_id, to, now)).await
    }

    async fn clear_cart(&self, owner: CartOwner, now: Timestamp) -> Result<CartChange, StoreError> {
        self.database.write(move |t| carts::clear(t, owner, now)).await
    }

    async fn merge_carts(&self, guest: [u8; 32], customer: CustomerId) -> Result<CartChange, StoreError> {
        self.database.write(move |t| carts::merge(t, guest, customer)).await
    }

    async fn reprice_cart(
        &self,
        owner: CartOwner,
        prices: Vec<(ProductId, Money)>,
    ) -> Result<(), StoreError> {
        self.database.write(move |t| carts::reprice(t, owner, &prices)).await
    }

    async fn add_to_wishlist(
        &self,
        customer_id: CustomerId,
        product_id: ProductId,
        limit: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.database.write(move |t| wishlists::add(t, customer_id, product_id, limit, now)).await
    }

    async fn remove_from_wishlist(
        &self,
        customer_id: CustomerId,
        product_id: ProductId,
    ) -> Result<bool, StoreError> {
        self.database.write(move |t| wishlists::remove(t, customer_id, product_id)).await
    }

    async fn wishlist(&self, customer_id: CustomerId) -> Result<Vec<(ProductId, Timestamp)>, StoreError> {
        self.database.read(move |c| wishlists::list(c, customer_id)).await
    }

    async fn placed_with(&self, key: Idempotency) -> Result<Known<OrderId>, StoreError> {
        self.database.read(move |c| idempotency::known(c, &key)).await
    }

    async fn place_order(&self, placing: PlaceOrder) -> Result<Placing, StoreError> {
        self.database.write(move |t| orders::place(t, &placing)).await
    }

    async fn advance(
        &self,
        order_id: OrderId,
        cause: Cause,
        input: Input,
        now: Timestamp,
    ) -> Result<(Advanced, Option<TimelineEntry>), StoreError> {
        self.database.write(move |t| advance::advance(t, order_id, &cause, &input, now)).await
    }

    async fn forget_customer(
        &self,
        received: Received,
        deleted: CustomerDeleted,
        now: Timestamp,
    ) -> Result<Vec<OrderId>, StoreError> {
        self.database.write(move |t| customers::forget(t, received, &deleted, now)).await
    }

    async fn order(&self, order_id: OrderId) -> Result<Option<Order>, StoreError> {
        self.database.read(move |c| orders::find(c, order_id)).await
    }

    async fn orders(
        &self,
        filter: OrderFilter,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<Order>, StoreError> {
        self.database.read(move |c| orders::list(c, filter, after, limit)).await
    }

    async fn timeline(&self, order_id: OrderId, after: u32) -> Result<Option<Timeline>, StoreError> {
        self.database.read(move |c| orders::timeline(c, order_id, after)).await
    }

    async fn audit_orders(&self) -> Result<OrderAudit, StoreError> {
        self.database.read(audit::audit_orders).await
    }
}

/// Reads an amount and its currency from columns `at` and `at + 1`.
fn money(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Money> {
    Ok(Money::new(row.get(at)?, platform::store::sqlite::parse(row, at + 1)?))
}
