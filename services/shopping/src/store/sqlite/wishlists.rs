//! Wishlists.

use contracts::{CustomerId, ProductId, Timestamp};
use platform::store::{StoreError, sqlite::Transaction};
use rusqlite::{Connection, params};

pub(super) fn add(
    transaction: &Transaction<'_>,
    customer_id: CustomerId,
    product_id: ProductId,
    limit: u32,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let present = transaction
        .prepare_cached("SELECT 1 FROM wishlist_item WHERE customer_id = ?1 AND product_id = ?2")?
        .exists(params![customer_id.0, product_id.0])?;
    if present {
        return Ok(true);
    }
    let inserted = transaction.execute(
        "INSERT INTO wishlist_item (customer_id, product_id, added_at)
         SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM wishlist_item WHERE customer_id = ?1) < ?4
            AND NOT EXISTS (SELECT 1 FROM revocation WHERE subject = ?1 AND kind = 'customer')",
        params![customer_id.0, product_id.0, now.as_micros(), limit],
    )?;
    Ok(inserted == 1)
}

pub(super) fn remove(
    transaction: &Transaction<'_>,
    customer_id: CustomerId,
    product_id: ProductId,
) -> Result<bool, StoreError> {
    let removed = transaction.execute(
        "DELETE FROM wishlist_item WHERE customer_id = ?1 AND product_id = ?2",
        params![customer_id.0, product_id.0],
    )?;
    Ok(removed == 1)
}

pub(super) fn list(
    connection: &Connection,
    customer_id: CustomerId,
) -> Result<Vec<(ProductId, Timestamp)>, StoreError> {
    let mut rows = connection.prepare_cached(
        "SELECT product_id, added_at FROM wishlist_item WHERE customer_id = ?1 ORDER BY added_at DESC, product_id",
    )?;
    let rows = rows.query_map([customer_id.0], |row| {
        Ok((ProductId(row.get(0)?), Timestamp::from_micros(row.get(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn clear(transaction: &Transaction<'_>, customer_id: CustomerId) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM wishlist_item WHERE customer_id = ?1", [customer_id.0])?;
    Ok(())
}
