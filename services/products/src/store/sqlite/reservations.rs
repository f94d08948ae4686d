//! Reservations as rows, and what they do to the products.

use contracts::{
    OrderId, ProductId, Timestamp,
    events::{OrderLine, Shortage},
};
use platform::{
    chaos::{Safeguard, does_without},
    store::{
        StoreError,
        sqlite::{Transaction, parse},
    },
};
use rusqlite::{OptionalExtension as _, params};

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
pub(super) struct Reservation {
    pub status: Status,
    /// There for all that were ever held.
    pub expires_at: Option<Timestamp>,
}

pub(super) fn find(tx: &Transaction<'_>, order: OrderId) -> Result<Option<Reservation>, StoreError> {
    let mut query = tx.prepare_cached("SELECT status, expires_at FROM reservations WHERE order_id = ?1")?;
    let reservation = query.query_row([order.0], |row| {
        let expires_at = row.get::<_, Option<i64>>(1)?.map(Timestamp::from_micros);
        Ok(Reservation { status: parse(row, 0)?, expires_at })
    });
    Ok(reservation.optional()?)
}

pub(super) fn insert(
    tx: &Transaction<'_>,
    order: OrderId,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO reservations (order_id, status, expires_at, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)",
    )?
    .execute(params![
        order.0,
        reservation.status.word(),
        reservation.expires_at.map(Timestamp::as_micros),
        now.as_micros()
    ])?;
    Ok(())
}

pub(super) fn set_status(
    tx: &Transaction<'_>,
    order: OrderId,
    status: Status,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE reservations SET status = ?2, updated_at = ?3 WHERE order_id = ?1")?
        .execute(params![order.0, status.word(), now.as_micros()])?;
    Ok(())
}

/// Takes what `demand` wants out of what is available, or nothing of it.
///
/// # Returns
/// What was lacking: if it is anything, nothing was taken.
pub(super) fn take(tx: &Transaction<'_>, demand: &Demand) -> Result<Vec<Shortage>, StoreError> {
    let mut take = tx.prepare_cached(if does_without(Safeguard::Stock) {
        "UPDATE products SET reserved = reserved + ?2 WHERE id = ?1"
    } else {
        "UPDATE products SET reserved = reserved + ?2
         WHERE id = ?1 AND archived_at IS NULL AND received - sold - reserved >= ?2"
    })?;
    let (mut taken, mut shortages) = (Vec::new(), Vec::new());
    for line in demand.lines() {
        if take.execute(params![line.product_id.0, line.quantity])? == 1 {
            taken.push(*line);
        } else {
            shortages.push(shortage(tx, line)?);
        }
    }
    if !shortages.is_empty() {
        let mut put_back = tx.prepare_cached("UPDATE products SET reserved = reserved - ?2 WHERE id = ?1")?;
        for line in &taken {
            put_back.execute(params![line.product_id.0, line.quantity])?;
        }
    }
    Ok(shortages)
}

/// How far `line` cannot be had. A product that is archived or was never there has nothing available.
fn shortage(tx: &Transaction<'_>, line: &OrderLine) -> Result<Shortage, StoreError> {
    let available = tx
        .prepare_cached(
            "SELECT received - sold - reserved FROM products WHERE id = ?1 AND archived_at IS NULL",
        )?
        .query_row([line.product_id.0], |row| row.get(0))
        .optional()?;
    Ok(Shortage { product_id: line.product_id, requested: line.quantity, available: available.unwrap_or(0) })
}

pub(super) fn insert_lines(tx: &Transaction<'_>, order: OrderId, demand: &Demand) -> Result<(), StoreError> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO reservation_lines (order_id, product_id, quantity) VALUES (?1, ?2, ?3)",
    )?;
    for line in demand.lines() {
        insert.execute(params![order.0, line.product_id.0, line.quantity])?;
    }
    Ok(())
}

/// Turns what `order` holds into what it was sold.
pub(super) fn sell(tx: &Transaction<'_>, order: OrderId) -> Result<(), StoreError> {
    move_lines(tx, order, "reserved = reserved - line.quantity, sold = sold + line.quantity")
}

/// Makes what `order` holds available.
pub(super) fn give_back_held(tx: &Transaction<'_>, order: OrderId) -> Result<(), StoreError> {
    move_lines(tx, order, "reserved = reserved - line.quantity")
}

/// Makes what `order` was sold available.
pub(super) fn give_back_sold(tx: &Transaction<'_>, order: OrderId) -> Result<(), StoreError> {
    move_lines(tx, order, "sold = sold - line.quantity")
}

fn move_lines(tx: &Transaction<'_>, order: OrderId, change: &str) -> Result<(), StoreError> {
    tx.prepare_cached(&format!(
        "UPDATE products SET {change} FROM reservation_lines AS line
         WHERE line.order_id = ?1 AND products.id = line.product_id"
    ))?
    .execute([order.0])?;
    Ok(())
}

pub(super) fn insert_shortages(
    tx: &Transaction<'_>,
    order: OrderId,
    shortages: &[Shortage],
) -> Result<(), StoreError> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO reservation_shortages (order_id, product_id, requested, available) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for shortage in shortages {
        insert.execute(params![order.0, shortage.product_id.0, shortage.requested, shortage.available])?;
    }
    Ok(())
}

pub(super) fn shortages(tx: &Transaction<'_>, order: OrderId) -> Result<Vec<Shortage>, StoreError> {
    let mut query = tx.prepare_cached(
        "SELECT product_id, requested, available FROM reservation_shortages WHERE order_id = ?1 ORDER BY product_id",
    )?;
    let shortages = query.query_map([order.0], |row| {
        Ok(Shortage { product_id: ProductId(row.get(0)?), requested: row.get(1)?, available: row.get(2)? })
    })?;
    Ok(shortages.collect::<Result<_, _>>()?)
}
