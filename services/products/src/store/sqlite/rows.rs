//! Products as rows.

use contracts::{Money, ProductId, Timestamp};
use platform::store::{StoreError, sqlite::parse};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::domain::{Product, Stock};

/// What [`read`] reads, in its order.
pub(super) const COLUMNS: &str = "id, name, description, category, amount, currency, received, sold, reserved, \
                                  image_url, created_at, updated_at, archived_at";

/// Reads [`COLUMNS`].
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Product> {
    Ok(Product {
        id: ProductId(row.get(0)?),
        name: row.get(1)?,
        description: row.get(2)?,
        category: row.get(3)?,
        price: Money::new(row.get(4)?, parse(row, 5)?),
        stock: Stock { received: row.get(6)?, sold: row.get(7)?, reserved: row.get(8)? },
        image_url: row.get(9)?,
        created_at: Timestamp::from_micros(row.get(10)?),
        updated_at: Timestamp::from_micros(row.get(11)?),
        archived_at: row.get::<_, Option<i64>>(12)?.map(Timestamp::from_micros),
    })
}

pub(super) fn product(connection: &Connection, id: ProductId) -> Result<Option<Product>, StoreError> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM products WHERE id = ?1"))?;
    Ok(query.query_row([id.0], read).optional()?)
}

/// One query however many ids there are: they travel as one JSON array of hexadecimal strings.
pub(super) fn products(connection: &Connection, ids: &[ProductId]) -> Result<Vec<Product>, StoreError> {
    let ids: Vec<String> = ids.iter().map(|id| id.0.simple().to_string()).collect();
    let ids = serde_json::to_string(&ids).map_err(|error| StoreError::Failed(error.into()))?;
    let mut query = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM products WHERE id IN (SELECT unhex(value) FROM json_each(?1))"
    ))?;
    Ok(query.query_map([ids], read)?.collect::<Result<_, _>>()?)
}
