//! Reservations as rows, and what they do to the products.

use std::collections::HashMap;

use contracts::{
    OrderId, ProductId, Timestamp,
    events::{OrderLine, Shortage},
};
use platform::{
    chaos::{Safeguard, does_without},
    store::{
        StoreError,
        postgres::{Transaction, moment, parse},
    },
};
use tokio_postgres::Row;
use uuid::Uuid;

use super::rows::optional_timestamp;
use crate::domain::Demand;

/// What became of an order's stock. The words are those of the table's CHECK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Held,
    Sold,
    Released,
    Refused,
    Expired,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Sold => "sold",
            Self::Released => "released",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no reservation has the status '{0}'")]
pub(super) struct UnknownStatus(String);

impl std::str::FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(word: &str) -> Result<Self, UnknownStatus> {
        [Self::Held, Self::Sold, Self::Released, Self::Refused, Self::Expired]
            .into_iter()
            .find(|status| status.word() == word)
            .ok_or_else(|| UnknownStatus(word.to_owned()))
    }
}

/// What is known of an order.
#[derive(Clone, Copy)]
pub(super) struct Reservation {
    pub status: Status,
    /// There for all that were ever held.
    pub expires_at: Option<Timestamp>,
}

pub(super) const FIND: &str =
    "SELECT status, expires_at FROM reservations WHERE order_id = $1 FOR NO KEY UPDATE";

/// Finds and locks what is known of an order.
pub(super) async fn find(tx: &Transaction<'_>, order: OrderId) -> Result<Option<Reservation>, StoreError> {
    let row = tx.query_opt(FIND, &[&order.0]).await?;
    row.map(|row| {
        Ok(Reservation {
            status: parse(&row, "status")?,
            expires_at: optional_timestamp(&row, "expires_at")?,
        })
    })
    .transpose()
}

/// Enters an order that was not heard of before, and locks it in either case.
///
/// # Returns
/// Whether it was not. An order that another transaction is entering is waited for.
pub(super) async fn insert(
    tx: &Transaction<'_>,
    order: OrderId,
    reservation: Reservation,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = tx
        .execute(
            "INSERT INTO reservations (order_id, status, expires_at, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (order_id) DO UPDATE SET status = reservations.status WHERE false",
            &[&order.0, &reservation.status.word(), &reservation.expires_at.map(moment), &moment(now)],
        )
        .await?;
    Ok(inserted == 1)
}

pub(super) async fn set_status(
    tx: &Transaction<'_>,
    order: OrderId,
    status: Status,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE reservations SET status = $2, updated_at = $3 WHERE order_id = $1",
        &[&order.0, &status.word(), &moment(now)],
    )
    .await?;
    Ok(())
}

pub(super) const TAKE: &str = "WITH stock AS MATERIALIZED (
        SELECT id, received - sold - reserved AS available FROM products
        WHERE id = ANY($2) AND archived_at IS NULL ORDER BY id FOR NO KEY UPDATE),
     line AS MATERIALIZED (
        SELECT id, quantity FROM unnest($2::uuid[], $3::bigint[]) AS wanted (id, quantity)
        JOIN stock USING (id) WHERE available >= quantity),
     taken AS (
        UPDATE products SET reserved = reserved + quantity FROM line
        WHERE products.id = line.id AND (SELECT count(*) FROM line) = cardinality($2)
        RETURNING line.id, quantity)
     INSERT INTO reservation_lines (order_id, product_id, quantity)
     SELECT $1, id, quantity FROM taken ON CONFLICT DO NOTHING";

/// Takes what `demand` wants out of what is available and enters its lines for `order`, which has been entered; or does
/// nothing, if anything is lacking.
///
/// # Returns
/// Whether it was taken.
pub(super) async fn take(tx: &Transaction<'_>, order: OrderId, demand: &Demand) -> Result<bool, StoreError> {
    let (ids, quantities) = columns(demand.lines());
    let lines = if does_without(Safeguard::Stock) {
        let unconditional = TAKE.replace("available >= quantity", "true");
        tx.execute(&unconditional, &[&order.0, &ids, &quantities]).await?
    } else {
        tx.execute(TAKE, &[&order.0, &ids, &quantities]).await?
    };
    Ok(lines > 0)
}

pub(super) const LACKING: &str = "SELECT id, received - sold - reserved FROM products
     WHERE id = ANY($1) AND archived_at IS NULL ORDER BY id FOR NO KEY UPDATE";

/// How far `demand` cannot be met, line by line. A product that is archived or was never there has nothing available. The
/// others stay as they are until the transaction ends.
pub(super) async fn lacking(tx: &Transaction<'_>, demand: &Demand) -> Result<Vec<Shortage>, StoreError> {
    let (ids, _) = columns(demand.lines());
    let rows = tx.query(LACKING, &[&ids]).await?;
    let available: HashMap<Uuid, i64> =
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, StoreError>>()?;
    let shortage = |line: &OrderLine| {
        let available = available.get(&line.product_id.0).copied().unwrap_or(0);
        let available = u32::try_from(available).unwrap_or(0);
        (available < line.quantity).then_some(Shortage {
            product_id: line.product_id,
            requested: line.quantity,
            available,
        })
    };
    Ok(demand.lines().iter().filter_map(shortage).collect())
}

fn columns(lines: &[OrderLine]) -> (Vec<Uuid>, Vec<i64>) {
    lines.iter().map(|line| (line.product_id.0, i64::from(line.quantity))).unzip()
}

pub(super) const SELL: &str = "WITH sold AS (
        UPDATE reservations SET status = 'sold', updated_at = $2
        WHERE order_id = $1 AND status = 'held' AND expires_at > $2
        RETURNING order_id),
     line AS MATERIALIZED (
        SELECT products.id, quantity FROM sold JOIN reservation_lines USING (order_id)
        JOIN products ON products.id = product_id ORDER BY products.id FOR NO KEY UPDATE OF products)
     UPDATE products SET reserved = reserved - quantity, sold = sold + quantity FROM line
     WHERE products.id = line.id";

/// Sells what `order` holds at `now`.
///
/// # Returns
/// Whether it was sold: it may not be held, or no longer.
pub(super) async fn sell(tx: &Transaction<'_>, order: OrderId, now: Timestamp) -> Result<bool, StoreError> {
    let lines = tx.execute(SELL, &[&order.0, &moment(now)]).await?;
    Ok(lines > 0)
}

/// Makes what `order` holds available.
pub(super) async fn give_back_held(tx: &Transaction<'_>, order: OrderId) -> Result<(), StoreError> {
    move_lines(tx, order, "reserved = reserved - quantity").await
}

/// Makes what `order` was sold available.
pub(super) async fn give_back_sold(tx: &Transaction<'_>, order: OrderId) -> Result<(), StoreError> {
    move_lines(tx, order, "sold = sold - quantity").await
}

async fn move_lines(tx: &Transaction<'_>, order: OrderId, change: &str) -> Result<(), StoreError> {
    tx.execute(&move_lines_sql(change), &[&order.0]).await?;
    Ok(())
}

pub(super) fn move_lines_sql(change: &str) -> String {
    format!(
        "WITH line AS MATERIALIZED (
            SELECT products.id, quantity FROM reservation_lines JOIN products ON products.id = product_id
            WHERE order_id = $1 ORDER BY products.id FOR NO KEY UPDATE OF products)
         UPDATE products SET {change} FROM line WHERE products.id = line.id"
    )
}

pub(super) async fn insert_shortages(
    tx: &Transaction<'_>,
    order: OrderId,
    shortages: &[Shortage],
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = shortages.iter().map(|shortage| shortage.product_id.0).collect();
    let requested: Vec<i64> = shortages.iter().map(|shortage| shortage.requested.into()).collect();
    let available: Vec<i64> = shortages.iter().map(|shortage| shortage.available.into()).collect();
    tx.execute(
        "INSERT INTO reservation_shortages (order_id, product_id, requested, available)
         SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::bigint[])",
        &[&order.0, &ids, &requested, &available],
    )
    .await?;
    Ok(())
}

pub(super) async fn shortages(tx: &Transaction<'_>, order: OrderId) -> Result<Vec<Shortage>, StoreError> {
    let rows = tx
        .query(
            "SELECT product_id, requested, available FROM reservation_shortages
             WHERE order_id = $1 ORDER BY product_id",
            &[&order.0],
        )
        .await?;
    let pieces = |row: &Row, column: &str| -> Result<u32, StoreError> {
        Ok(u32::try_from(row.try_get::<_, i64>(column)?).unwrap_or(u32::MAX))
    };
    rows.iter()
        .map(|row| {
            Ok(Shortage {
                product_id: ProductId(row.try_get("product_id")?),
                requested: pieces(row, "requested")?,
                available: pieces(row, "available")?,
            })
        })
        .collect()
}
