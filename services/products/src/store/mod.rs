//! Where products are kept: the port, with one method per use case, each one transaction; and its adapters.

#[cfg(test)]
mod conformance;
mod postgres;
mod sqlite;

#[cfg(test)]
pub(crate) use conformance::Shop;
#[cfg(test)]
pub(crate) use sqlite::tests::shop;

use std::sync::Arc;

use async_trait::async_trait;
use contracts::{CustomerId, OrderId, ProductId, Timestamp};
use platform::{
    idempotency::{Idempotency, Once},
    inbox::Received,
    store::StoreError,
    timers::Timer,
};
use serde::{Deserialize, Serialize};

use crate::domain::{Adjustment, AdjustmentRefused, Demand, Listing, NewProduct, Product, ProductPatch};

/// The kind of the timer that ends a reservation; its subject is the order.
pub const RESERVATION_TIMER: &str = "reservation";

/// The products service's store behind what the platform opened. The one place that chooses an adapter.
#[must_use]
pub fn open(store: &platform::store::Store) -> Arc<dyn Store> {
    match store {
        platform::store::Store::Sqlite(database) => Arc::new(sqlite::SqliteStore::new(database.clone())),
        platform::store::Store::Postgres(database) => {
            Arc::new(postgres::PostgresStore::new(database.clone()))
        }
    }
}

/// Who changed something by hand, when, and under which key.
#[derive(Clone, Debug)]
pub struct ByStaff {
    /// The member of staff.
    pub actor: CustomerId,
    /// When.
    pub at: Timestamp,
    /// The key that makes a repetition harmless, if there is one.
    pub idempotency: Option<Idempotency>,
}

/// The store's port. Every method commits all that it does or nothing.
///
/// The methods that take a [`Received`] do nothing if that message was applied before. Every method fails with
/// [`StoreError`] and then has changed nothing.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Puts a product into the catalogue and its stock into the ledger.
    async fn add_product(
        &self,
        id: ProductId,
        product: NewProduct,
        by: ByStaff,
    ) -> Result<Once<Product>, StoreError>;

    /// Puts all of these into the catalogue, and answers how many they are.
    async fn import_products(
        &self,
        products: Vec<(ProductId, NewProduct)>,
        by: ByStaff,
    ) -> Result<Once<u32>, StoreError>;

    /// Puts all of these into the catalogue if there is no product yet, not even an archived one; answers how many it
    /// put there.
    async fn seed_products(
        &self,
        products: Vec<(ProductId, NewProduct)>,
        now: Timestamp,
    ) -> Result<u32, StoreError>;

    /// Changes what a product in the catalogue is like; `None` if there is none or it is archived.
    async fn revise_product(
        &self,
        id: ProductId,
        patch: ProductPatch,
        now: Timestamp,
    ) -> Result<Option<Product>, StoreError>;

    /// Takes a product out of the catalogue, if it is not out already; answers whether there is such a product.
    /// What is reserved of it stays reserved.
    async fn archive_product(&self, id: ProductId, now: Timestamp) -> Result<bool, StoreError>;

    /// Takes a product back into the catalogue, if it is archived, and answers it as it is then; `None` if there is none.
    async fn restore_product(&self, id: ProductId, now: Timestamp) -> Result<Option<Product>, StoreError>;

    /// Changes a product's stock by hand, and enters that into the ledger.
    async fn adjust_stock(
        &self,
        id: ProductId,
        adjustment: Adjustment,
        by: ByStaff,
    ) -> Result<Result<Once<Product>, AdjustmentRefused>, StoreError>;

    /// Reserves all that an order demands, until `expires_at`, or nothing of it; sets the timer that ends the
    /// reservation, and publishes `StockReserved` or `StockRefused`. An order that has a reservation already, of
    /// whatever status, gets the answer of then.
    async fn reserve_stock(
        &self,
        received: Received,
        order: OrderId,
        demand: Demand,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Sells what an order holds, if it has not expired at `now`, and publishes `StockCommitted` or `StockExpired`.
    async fn commit_stock(
        &self,
        received: Received,
        order: OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Gives back what an order holds or was sold. An order that is not known yet is refused when it comes.
    async fn release_stock(
        &self,
        received: Received,
        order: OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Gives back what an order holds because its time is over, and publishes `StockExpired`, if `timer` still stands.
    async fn expire_reservation(&self, timer: Timer, now: Timestamp) -> Result<(), StoreError>;

    /// A product, archived or not.
    async fn product(&self, id: ProductId) -> Result<Option<Product>, StoreError>;

    /// Those of these products that there are, archived or not, each once and in no order.
    async fn products(&self, ids: &[ProductId]) -> Result<Vec<Product>, StoreError>;

    /// The products of a list.
    async fn list_products(&self, listing: Listing) -> Result<Vec<Product>, StoreError>;

    /// The categories that have products, by name.
    async fn categories(&self) -> Result<Vec<Category>, StoreError>;

    /// Whether there is a product in this category.
    async fn has_category(&self, name: &str) -> Result<bool, StoreError>;

    /// Recomputes every product's numbers from the ledger and the reservations, and counts those that differ.
    async fn audit_stock(&self) -> Result<StockAudit, StoreError>;

    /// The reservations that tie up stock, by order: each has to have an order that is alive.
    async fn live_reservations(&self) -> Result<Vec<LiveReservation>, StoreError>;
}

/// A category and how many products it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// The slug.
    pub name: String,
    /// The products in it that are not archived.
    pub products: u32,
}

/// How many products' numbers are not what the records say they have to be. All are zero but the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAudit {
    /// Products looked at, archived ones included.
    pub products: u64,
    /// `received` is not the sum of the movements.
    pub received_differs: u64,
    /// `sold` is not the sum of the lines of sold reservations.
    pub sold_differs: u64,
    /// `reserved` is not the sum of the lines of held reservations.
    pub reserved_differs: u64,
    /// On hand, available, sold or reserved is below zero.
    pub below_zero: u64,
}

impl StockAudit {
    /// Whether every product's numbers are right.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.received_differs == 0
            && self.sold_differs == 0
            && self.reserved_differs == 0
            && self.below_zero == 0
    }
}

/// A reservation that ties up stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveReservation {
    /// For which order.
    pub order_id: OrderId,
    /// Held or sold.
    pub status: LiveStatus,
}

/// How a reservation ties up stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LiveStatus {
    /// Until it is paid, or expires.
    Held,
    /// For good, unless the order is cancelled.
    Sold,
}
