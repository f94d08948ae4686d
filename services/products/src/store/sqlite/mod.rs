//! The store in SQLite, in parts by what they are about.

mod audit;
mod catalogue;
mod listing;
mod ordering;
mod reservations;
mod rows;
mod stock;

#[cfg(test)]
pub(super) mod tests;

use async_trait::async_trait;
use contracts::{OrderId, ProductId, Timestamp};
use platform::{
    idempotency::Once,
    inbox::Received,
    store::{StoreError, sqlite::Database},
    timers::Timer,
};

use super::{ByStaff, Category, LiveReservation, StockAudit, Store};
use crate::domain::{Adjustment, AdjustmentRefused, Demand, Listing, NewProduct, Product, ProductPatch};

/// Products in one SQLite file.
pub(super) struct SqliteStore {
    database: Database,
}

impl SqliteStore {
    pub(super) const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn add_product(
        &self,
        id: ProductId,
        product: NewProduct,
        by: ByStaff,
    ) -> Result<Once<Product>, StoreError> {
        self.database.write(move |tx| catalogue::add(tx, id, &product, &by)).await
    }

    async fn import_products(
        &self,
        products: Vec<(ProductId, NewProduct)>,
        by: ByStaff,
    ) -> Result<Once<u32>, StoreError> {
        self.database.write(move |tx| catalogue::import(tx, &products, &by)).await
    }

    async fn seed_products(
        &self,
        products: Vec<(ProductId, NewProduct)>,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        self.database.write(move |tx| catalogue::seed(tx, &products, now)).await
    }

    async fn revise_product(
        &self,
        id: ProductId,
        patch: ProductPatch,
        now: Timestamp,
    ) -> Result<Option<Product>, StoreError> {
        self.database.write(move |tx| catalogue::revise(tx, id, patch, now)).await
    }

    async fn archive_product(&self, id: ProductId, now: Timestamp) -> Result<bool, StoreError> {
        self.database.write(move |tx| catalogue::archive(tx, id, now)).await
    }

    async fn restore_product(&self, id: ProductId, now: Timestamp) -> Result<Option<Product>, StoreError> {
        self.database.write(move |tx| catalogue::restore(tx, id, now)).await
    }

    async fn adjust_stock(
        &self,
        id: ProductId,
        adjustment: Adjustment,
        by: ByStaff,
    ) -> Result<Result<Once<Product>, AdjustmentRefused>, StoreError> {
        self.database.write(move |tx| stock::adjust(tx, id, &adjustment, &by)).await
    }

    async fn reserve_stock(
        &self,
        received: Received,
        order: OrderId,
        demand: Demand,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.write(move |tx| ordering::reserve(tx, received, order, &demand, now, expires_at)).await
    }

    async fn commit_stock(
        &self,
        received: Received,
        order: OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.write(move |tx| ordering::commit(tx, received, order, now)).await
    }

    async fn release_stock(
        &self,
        received: Received,
        order: OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.write(move |tx| ordering::release(tx, received, order, now)).await
    }

    async fn expire_reservation(&self, timer: Timer, now: Timestamp) -> Result<(), StoreError> {
        self.database.write(move |tx| ordering::expire(tx, &timer, now)).await
    }

    async fn product(&self, id: ProductId) -> Result<Option<Product>, StoreError> {
        self.database.read(move |connection| rows::product(connection, id)).await
    }

    async fn products(&self, ids: &[ProductId]) -> Result<Vec<Product>, StoreError> {
        let ids = ids.to_vec();
        self.database.read(move |connection| rows::products(connection, &ids)).await
    }

    async fn list_products(&self, listing: Listing) -> Result<Vec<Product>, StoreError> {
        self.database.read(move |connection| listing::list(connection, &listing)).await
    }

    async fn categories(&self) -> Result<Vec<Category>, StoreError> {
        self.database.read(listing::categories).await
    }

    async fn has_category(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.database.read(move |connection| listing::has_category(connection, &name)).await
    }

    async fn audit_stock(&self) -> Result<StockAudit, StoreError> {
        self.database.read(audit::stock).await
    }

    async fn live_reservations(&self) -> Result<Vec<LiveReservation>, StoreError> {
        self.database.read(audit::live_reservations).await
    }
}
