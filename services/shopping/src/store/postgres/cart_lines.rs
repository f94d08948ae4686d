//! The lines of carts. Whoever changes some locks their owner first, so that what is decided about the whole cart still
//! holds when it is written.

use contracts::ProductId;
use futures::try_join;
use platform::store::{
    StoreError,
    postgres::{Database, Transaction, count},
};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{integer, money};
use crate::domain::{Cart, CartLine, CartOwner};

/// The key of a cart: 16 bytes for a customer, 32 for a guest.
fn key(owner: CartOwner) -> Vec<u8> {
    match owner {
        CartOwner::Customer(customer) => customer.0.as_bytes().to_vec(),
        CartOwner::Guest(hash) => hash.to_vec(),
    }
}

pub(super) async fn find(database: &Database, owner: CartOwner) -> Result<Option<Cart>, StoreError> {
    // A guest's empty cart is a row without lines, one that is not known is none.
    let rows = match owner {
        CartOwner::Customer(_) => {
            database
                .query(
                    "SELECT product_id, quantity, amount, currency FROM cart_line WHERE owner = $1 ORDER BY position",
                    &[&key(owner)],
                )
                .await?
        }
        CartOwner::Guest(_) => {
            database
                .query(
                    "SELECT product_id, quantity, amount, currency FROM guest_cart LEFT JOIN cart_line USING (owner)
                     WHERE owner = $1 ORDER BY position",
                    &[&key(owner)],
                )
                .await?
        }
    };
    if rows.is_empty() && matches!(owner, CartOwner::Guest(_)) {
        return Ok(None);
    }
    let mut lines = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.try_get::<_, Option<Uuid>>("product_id")?.is_some() {
            lines.push(line(row)?);
        }
    }
    Ok(Some(Cart { lines }))
}

fn line(row: &Row) -> Result<CartLine, StoreError> {
    let product_id = ProductId(row.try_get("product_id")?);
    Ok(CartLine { product_id, quantity: count(row, "quantity")?, price: money(row)? })
}

/// Waits until nobody else changes what is this owner's, and keeps others from it until the transaction ends. A
/// customer's wishlist, and whether they are still a customer, hang on it too.
pub(super) async fn lock(transaction: &Transaction<'_>, owner: CartOwner) -> Result<(), StoreError> {
    let key = key(owner);
    // The last 64 bits of either key are random.
    let last = key.last_chunk().map_or(0, |last| i64::from_be_bytes(*last));
    transaction.query("SELECT pg_advisory_xact_lock($1)", &[&last]).await?;
    Ok(())
}

/// Locks a cart and reads it, in one trip; `None` if a guest's is not known.
pub(super) async fn hold(
    transaction: &Transaction<'_>,
    owner: CartOwner,
) -> Result<Option<Cart>, StoreError> {
    let (key, is_guest) = (key(owner), matches!(owner, CartOwner::Guest(_)));
    let guest = async {
        if !is_guest {
            return Ok(true);
        }
        // Locked, so that it is not forgotten for its age meanwhile.
        let row =
            transaction.query_opt("SELECT 1 FROM guest_cart WHERE owner = $1 FOR UPDATE", &[&key]).await?;
        Ok(row.is_some())
    };
    let lines = async {
        let sql =
            "SELECT product_id, quantity, amount, currency FROM cart_line WHERE owner = $1 ORDER BY position";
        transaction.query(sql, &[&key]).await
    };
    // In this order, so that nothing is read before the lock is held.
    let ((), known, rows) = try_join!(lock(transaction, owner), guest, lines)?;
    if !known {
        return Ok(None);
    }
    Ok(Some(Cart { lines: rows.iter().map(line).collect::<Result<_, _>>()? }))
}

/// Writes what is different in `after` from `before`, which is held.
pub(super) async fn save(
    transaction: &Transaction<'_>,
    owner: CartOwner,
    before: &Cart,
    after: &Cart,
) -> Result<(), StoreError> {
    let key = key(owner);
    let put = async {
        let lines: Vec<&CartLine> = after.lines.iter().filter(|line| !before.lines.contains(line)).collect();
        if lines.is_empty() {
            return Ok(());
        }
        put(transaction, owner, &key, &lines).await
    };
    let take = async {
        let gone = |line: &&CartLine| !after.lines.iter().any(|kept| kept.product_id == line.product_id);
        let gone: Vec<Uuid> = before.lines.iter().filter(gone).map(|line| line.product_id.0).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let sql = "DELETE FROM cart_line WHERE owner = $1 AND product_id = ANY($2)";
        transaction.execute(sql, &[&key, &gone]).await.map(drop)
    };
    try_join!(put, take)?;
    Ok(())
}

/// Puts lines in, behind those that are there already, or in place of those of the same products. Of a customer who has been
/// deleted meanwhile nothing is kept.
async fn put(
    transaction: &Transaction<'_>,
    owner: CartOwner,
    key: &[u8],
    lines: &[&CartLine],
) -> Result<(), StoreError> {
    let customer = match owner {
        CartOwner::Customer(customer) => Some(customer.0),
        CartOwner::Guest(_) => None,
    };
    let products: Vec<Uuid> = lines.iter().map(|line| line.product_id.0).collect();
    let quantities: Vec<i32> = lines.iter().map(|line| integer(line.quantity)).collect();
    let amounts: Vec<i64> = lines.iter().map(|line| line.price.amount).collect();
    let currencies: Vec<&str> = lines.iter().map(|line| line.price.currency.as_str()).collect();
    transaction
        .execute(
            "INSERT INTO cart_line (owner, product_id, quantity, amount, currency)
             SELECT $1, product_id, quantity, amount, currency
             FROM unnest($2::uuid[], $3::integer[], $4::bigint[], $5::text[]) WITH ORDINALITY
                AS line (product_id, quantity, amount, currency, number)
             WHERE NOT EXISTS (SELECT 1 FROM revocation WHERE subject = $6 AND kind = 'customer')
             ORDER BY number
             ON CONFLICT (owner, product_id) DO UPDATE SET
                quantity = excluded.quantity, amount = excluded.amount, currency = excluded.currency",
            &[&key, &products, &quantities, &amounts, &currencies, &customer],
        )
        .await?;
    Ok(())
}

/// Takes everything out of a cart that is held.
pub(super) async fn empty(transaction: &Transaction<'_>, owner: CartOwner) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM cart_line WHERE owner = $1", &[&key(owner)]).await?;
    Ok(())
}
