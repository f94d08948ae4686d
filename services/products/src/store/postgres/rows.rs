//! Products as rows.

use contracts::{Money, ProductId, Timestamp};
use platform::store::{
    StoreError,
    postgres::{Database, parse, timestamp},
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::domain::{Product, Stock};

/// What [`read`] reads.
pub(super) const COLUMNS: &str = "id, name, description, category, amount, currency, received, sold, reserved, \
                                  image_url, created_at, updated_at, archived_at";

/// Reads [`COLUMNS`].
pub(super) fn read(row: &Row) -> Result<Product, StoreError> {
    Ok(Product {
        id: ProductId(row.try_get("id")?),
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        category: row.try_get("category")?,
        price: Money::new(row.try_get("amount")?, parse(row, "currency")?),
        stock: Stock {
            received: row.try_get("received")?,
            sold: row.try_get("sold")?,
            reserved: row.try_get("reserved")?,
        },
        image_url: row.try_get("image_url")?,
        created_at: timestamp(row, "created_at")?,
        updated_at: timestamp(row, "updated_at")?,
        archived_at: optional_timestamp(row, "archived_at")?,
    })
}

/// The `timestamptz` in a column that may have none.
pub(super) fn optional_timestamp(row: &Row, column: &str) -> Result<Option<Timestamp>, StoreError> {
    match row.try_get::<_, Option<std::time::SystemTime>>(column)? {
        None => Ok(None),
        Some(_) => timestamp(row, column).map(Some),
    }
}

pub(super) async fn product(database: &Database, id: ProductId) -> Result<Option<Product>, StoreError> {
    let rows = database.query(&format!("SELECT {COLUMNS} FROM products WHERE id = $1"), &[&id.0]).await?;
    rows.first().map(read).transpose()
}

pub(super) async fn products(database: &Database, ids: &[ProductId]) -> Result<Vec<Product>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = database.query(&by_ids(), &[&ids]).await?;
    rows.iter().map(read).collect()
}

pub(super) fn by_ids() -> String {
    format!("SELECT {COLUMNS} FROM products WHERE id = ANY($1)")
}
