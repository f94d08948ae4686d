//! Shopping's store in PostgreSQL.
//!
//! Everybody takes locks in this order, so that nobody waits for somebody who waits for them: the owner of carts and
//! wishlists, the idempotency key, the order, and then its inbox row or timer. Statements that are joined go out in the
//! order in which they are named, in one trip.

mod advance;
mod audit;
mod cart_lines;
mod carts;
mod customers;
mod orders;
mod place;
mod wishlists;

use std::sync::Arc;

use async_trait::async_trait;
use contracts::{CustomerId, Money, OrderId, ProductId, Timestamp, events::CustomerDeleted};
use platform::{
    idempotency::{Idempotency, IdempotencyStore as _, Known, Once},
    inbox::Received,
    loader::Loader,
    store::{
        StoreError,
        postgres::{Database, Key, parse},
    },
};
use tokio_postgres::Row;

use self::advance::Advance;
use super::{
    AddToCart, Added, Advanced, CartChange, Cause, OrderAudit, OrderFilter, PlaceOrder, Placing, Store,
};
use crate::{
    checkout::Input,
    domain::{Cart, CartOwner, Order, Timeline, TimelineEntry},
};

/// The adapter.
pub struct PostgresStore {
    database: Database,
    carts: Loader<CartOwner, Cart, Arc<StoreError>>,
}

impl PostgresStore {
    /// An adapter for `database`, whose schema is up to date.
    pub fn new(database: Database) -> Self {
        Self { carts: cart_lines::loader(&database), database }
    }
}

/// Does `$work` with `$transaction`, and commits.
macro_rules! in_transaction {
    ($store:expr, $transaction:ident => $work:expr) => {{
        let mut connection = $store.database.connection().await?;
        let transaction = connection.begin();
        let $transaction = &transaction;
        let done = $work.await?;
        transaction.commit().await?;
        Ok(done)
    }};
}

#[async_trait]
impl Store for PostgresStore {
    async fn cart(&self, owner: CartOwner) -> Result<Option<Cart>, StoreError> {
        Ok(self.carts.load(owner).await?)
    }

    async fn add_to_cart(&self, addition: AddToCart) -> Result<Once<Added>, StoreError> {
        let key = of_owner(addition.owner);
        self.database.together(key, addition, |t, additions| Box::pin(carts::add(t, additions))).await
    }

    async fn set_quantity(
        &self,
        owner: CartOwner,
        product_id: ProductId,
        to: Option<(u32, Money)>,
        now: Timestamp,
    ) -> Result<CartChange, StoreError> {
        in_transaction!(self, t => carts::set_quantity(t, owner, product_id, to, now))
    }

    async fn clear_cart(&self, owner: CartOwner, now: Timestamp) -> Result<CartChange, StoreError> {
        in_transaction!(self, t => carts::clear(t, owner, now))
    }

    async fn merge_carts(&self, guest: [u8; 32], customer: CustomerId) -> Result<CartChange, StoreError> {
        in_transaction!(self, t => carts::merge(t, guest, customer))
    }

    async fn reprice_cart(
        &self,
        owner: CartOwner,
        prices: Vec<(ProductId, Money)>,
    ) -> Result<(), StoreError> {
        in_transaction!(self, t => carts::reprice(t, owner, &prices))
    }

    async fn add_to_wishlist(
        &self,
        customer_id: CustomerId,
        product_id: ProductId,
        limit: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        in_transaction!(self, t => wishlists::add(t, customer_id, product_id, limit, now))
    }

    async fn remove_from_wishlist(
        &self,
        customer_id: CustomerId,
        product_id: ProductId,
    ) -> Result<bool, StoreError> {
        wishlists::remove(&self.database, customer_id, product_id).await
    }

    async fn wishlist(&self, customer_id: CustomerId) -> Result<Vec<(ProductId, Timestamp)>, StoreError> {
        wishlists::list(&self.database, customer_id).await
    }

    async fn placed_with(&self, key: Idempotency) -> Result<Known<OrderId>, StoreError> {
        Ok(match self.database.known_answer(&key).await? {
            Known::New => Known::New,
            Known::Conflict => Known::Conflict,
            Known::Answered(answer) => Known::Answered(
                serde_json::from_str(&answer).map_err(|error| StoreError::Failed(error.into()))?,
            ),
        })
    }

    async fn place_order(&self, placing: PlaceOrder) -> Result<Placing, StoreError> {
        let key = of_owner(CartOwner::Customer(place::customer(&placing)?));
        self.database.together(key, placing, |t, placings| Box::pin(place::place(t, placings))).await
    }

    async fn advance(
        &self,
        order_id: OrderId,
        cause: Cause,
        input: Input,
        now: Timestamp,
    ) -> Result<(Advanced, Option<TimelineEntry>), StoreError> {
        let (key, advance) = (of_order(order_id), Advance { order_id, cause, input, now });
        self.database.together(key, advance, |t, advances| Box::pin(advance::advance(t, advances))).await
    }

    async fn forget_customer(
        &self,
        received: Received,
        deleted: CustomerDeleted,
        now: Timestamp,
    ) -> Result<Vec<OrderId>, StoreError> {
        in_transaction!(self, t => customers::forget(t, received, &deleted, now))
    }

    async fn order(&self, order_id: OrderId) -> Result<Option<Order>, StoreError> {
        orders::find(&self.database, order_id).await
    }

    async fn orders(
        &self,
        filter: OrderFilter,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<Order>, StoreError> {
        orders::list(&self.database, filter, after, limit).await
    }

    async fn timeline(&self, order_id: OrderId, after: u32) -> Result<Option<Timeline>, StoreError> {
        orders::timeline(&self.database, order_id, after).await
    }

    async fn audit_orders(&self) -> Result<OrderAudit, StoreError> {
        audit::audit_orders(&self.database).await
    }
}

/// What a command about carts or a wishlist is about.
fn of_owner(owner: CartOwner) -> Key {
    (0, cart_lines::lock_key(owner))
}

/// What a command about an order is about.
const fn of_order(order_id: OrderId) -> Key {
    (1, order_id.0.as_u64_pair().1.cast_signed())
}

/// Reads the columns `amount` and `currency`.
fn money(row: &Row) -> Result<Money, StoreError> {
    Ok(Money::new(row.try_get("amount")?, parse(row, "currency")?))
}

/// A number as PostgreSQL keeps it; one that is too large for that is too large for every bound of the schema, too.
fn integer(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
