//! Wishlists.

use contracts::{CustomerId, ProductId, Timestamp};
use futures::try_join;
use platform::store::{
    StoreError,
    postgres::{Database, Transaction, moment, timestamp},
};

use super::cart_lines;
use crate::domain::CartOwner;

pub(super) async fn add(
    transaction: &Transaction<'_>,
    customer_id: CustomerId,
    product_id: ProductId,
    limit: u32,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let owner = [CartOwner::Customer(customer_id)];
    let lock = cart_lines::lock(transaction, &owner);
    let (now, limit) = (moment(now), i64::from(limit));
    let insert = async {
        let sql = "INSERT INTO wishlist_item (customer_id, product_id, added_at)
             SELECT $1, $2, $3 WHERE (SELECT count(*) FROM wishlist_item WHERE customer_id = $1) < $4
                AND NOT EXISTS (SELECT 1 FROM revocation WHERE subject = $1 AND kind = 'customer')
             ON CONFLICT DO NOTHING";
        transaction.execute(sql, &[&customer_id.0, &product_id.0, &now, &limit]).await
    };
    let find = async {
        let sql = "SELECT 1 FROM wishlist_item WHERE customer_id = $1 AND product_id = $2";
        transaction.query_opt(sql, &[&customer_id.0, &product_id.0]).await
    };
    let ((), _, found) = try_join!(lock, insert, find)?;
    Ok(found.is_some())
}

pub(super) async fn remove(
    database: &Database,
    customer_id: CustomerId,
    product_id: ProductId,
) -> Result<bool, StoreError> {
    let sql = "DELETE FROM wishlist_item WHERE customer_id = $1 AND product_id = $2";
    Ok(database.execute(sql, &[&customer_id.0, &product_id.0]).await? == 1)
}

pub(super) async fn list(
    database: &Database,
    customer_id: CustomerId,
) -> Result<Vec<(ProductId, Timestamp)>, StoreError> {
    let rows = database
        .query(
            "SELECT product_id, added_at FROM wishlist_item WHERE customer_id = $1 ORDER BY added_at DESC, product_id",
            &[&customer_id.0],
        )
        .await?;
    rows.iter().map(|row| Ok((ProductId(row.try_get("product_id")?), timestamp(row, "added_at")?))).collect()
}

pub(super) async fn clear(transaction: &Transaction<'_>, customer_id: CustomerId) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM wishlist_item WHERE customer_id = $1", &[&customer_id.0]).await?;
    Ok(())
}
