//! The store in PostgreSQL, in parts by what they are about.
//!
//! A command locks the order's reservation first, then its products by their ids, then its timer, so that no two commands
//! wait for each other for good. Statements that travel together take effect in the order in which they are written down,
//! except that one which its connection has yet to prepare may be overtaken: where that would turn the order of locks
//! around, it is prepared ahead.

mod audit;
mod catalogue;
mod listing;
mod once;
mod ordering;
mod reservations;
mod rows;
mod stock;

#[cfg(test)]
#[cfg(feature = "real-servers")]
mod tests;

use async_trait::async_trait;
use contracts::{OrderId, ProductId, Timestamp};
use platform::{
    idempotency::Once,
    inbox::Received,
    store::{StoreError, postgres::Database},
    timers::Timer,
};

use self::ordering::{Step, Wish};
use super::{ByStaff, Category, LiveReservation, StockAudit, Store};
use crate::domain::{Adjustment, AdjustmentRefused, Demand, Listing, NewProduct, Product, ProductPatch};

/// Products in a PostgreSQL database.
pub(super) struct PostgresStore {
    database: Database,
}

impl PostgresStore {
    pub(super) const fn new(database: Database) -> Self {
        Self { database }
    }

    async fn take(&self, step: Step) -> Result<(), StoreError> {
        let key = (0, step.order.0.as_u64_pair().1.cast_signed());
        self.database.together(key, step, |tx, steps| Box::pin(ordering::take(tx, steps))).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn add_product(
        &self,
        id: ProductId,
        product: NewProduct,
        by: ByStaff,
    ) -> Result<Once<Product>, StoreError> {
        catalogue::add(&self.database, id, product, &by).await
    }

    async fn import_products(
        &self,
        products: Vec<(ProductId, NewProduct)>,
        by: ByStaff,
    ) -> Result<Once<u32>, StoreError> {
        catalogue::import(&self.database, &products, &by).await
    }

    async fn seed_products(
        &self,
        products: Vec<(ProductId, NewProduct)>,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        catalogue::seed(&self.database, &products, now).await
    }

    async fn revise_product(
        &self,
        id: ProductId,
        patch: ProductPatch,
        now: Timestamp,
    ) -> Result<Option<Product>, StoreError> {
        catalogue::revise(&self.database, id, patch, now).await
    }

    async fn archive_product(&self, id: ProductId, now: Timestamp) -> Result<bool, StoreError> {
        catalogue::archive(&self.database, id, now).await
    }

    async fn restore_product(&self, id: ProductId, now: Timestamp) -> Result<Option<Product>, StoreError> {
        catalogue::restore(&self.database, id, now).await
    }

    async fn adjust_stock(
        &self,
        id: ProductId,
        adjustment: Adjustment,
        by: ByStaff,
    ) -> Result<Result<Once<Product>, AdjustmentRefused>, StoreError> {
        stock::adjust(&self.database, id, &adjustment, &by).await
    }

    async fn reserve_stock(
        &self,
        received: Received,
        order: OrderId,
        demand: Demand,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.take(Step { received, order, wish: Wish::Reserve { demand, expires_at }, now }).await
    }

    async fn commit_stock(
        &self,
        received: Received,
        order: OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.take(Step { received, order, wish: Wish::Commit, now }).await
    }

    async fn release_stock(
        &self,
        received: Received,
        order: OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.take(Step { received, order, wish: Wish::Release, now }).await
    }

    async fn expire_reservation(&self, timer: Timer, now: Timestamp) -> Result<(), StoreError> {
        ordering::expire(&self.database, &timer, now).await
    }

    async fn product(&self, id: ProductId) -> Result<Option<Product>, StoreError> {
        rows::product(&self.database, id).await
    }

    async fn products(&self, ids: &[ProductId]) -> Result<Vec<Product>, StoreError> {
        rows::products(&self.database, ids).await
    }

    async fn list_products(&self, listing: Listing) -> Result<Vec<Product>, StoreError> {
        listing::list(&self.database, &listing).await
    }

    async fn categories(&self) -> Result<Vec<Category>, StoreError> {
        listing::categories(&self.database).await
    }

    async fn has_category(&self, name: &str) -> Result<bool, StoreError> {
        listing::has_category(&self.database, name).await
    }

    async fn audit_stock(&self) -> Result<StockAudit, StoreError> {
        audit::stock(&self.database).await
    }

    async fn live_reservations(&self) -> Result<Vec<LiveReservation>, StoreError> {
        audit::live_reservations(&self.database).await
    }
}
