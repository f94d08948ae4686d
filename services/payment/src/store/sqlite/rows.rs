//! Rows of payments and of their history.

use contracts::{Currency, Money, OrderId, Timestamp};
use platform::store::{
    StoreError,
    sqlite::{Transaction, parse},
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::{
    domain::{Note, Payment},
    store::{HistoryEntry, Statement},
};

const COLUMNS: &str =
    "order_id, status, amount, currency, captured, refunded, reason, created_at, updated_at";

pub(super) fn payment(connection: &Connection, order_id: OrderId) -> Result<Option<Payment>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM payment WHERE order_id = ?1"))?
        .query_row([order_id.0], read)
        .optional()?)
}

pub(super) fn payments(
    connection: &Connection,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Payment>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM payment WHERE ?1 IS NULL OR order_id > ?1 ORDER BY order_id LIMIT ?2");
    let mut rows = connection.prepare_cached(&sql)?;
    let rows = rows.query_map(params![after.map(|order_id| order_id.0), limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn statement(connection: &Connection, order_id: OrderId) -> Result<Option<Statement>, StoreError> {
    // Both reads see the same moment.
    let snapshot = connection.unchecked_transaction()?;
    let found = snapshot
        .prepare_cached(&format!("SELECT {COLUMNS} FROM payment WHERE order_id = ?1"))?
        .query_row([order_id.0], |row| Ok((read(row)?, moment(row, 7)?, moment(row, 8)?)))
        .optional()?;
    let Some((payment, created_at, updated_at)) = found else {
        return Ok(None);
    };
    Ok(Some(Statement { payment, history: history(&snapshot, order_id)?, created_at, updated_at }))
}

fn history(connection: &Connection, order_id: OrderId) -> Result<Vec<HistoryEntry>, StoreError> {
    let mut rows = connection.prepare_cached(
        "SELECT at, operation, outcome FROM payment_history WHERE order_id = ?1 ORDER BY id",
    )?;
    let rows = rows.query_map([order_id.0], |row| {
        Ok(HistoryEntry { at: moment(row, 0)?, operation: parse(row, 1)?, outcome: parse(row, 2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes `payment`, in place of what stood there for its order.
pub(super) fn write(
    transaction: &Transaction<'_>,
    payment: &Payment,
    now: Timestamp,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO payment (order_id, status, amount, currency, captured, refunded, reason, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
             ON CONFLICT (order_id) DO UPDATE SET
                status = excluded.status, amount = excluded.amount, currency = excluded.currency,
                captured = excluded.captured, refunded = excluded.refunded, reason = excluded.reason,
                updated_at = excluded.updated_at",
        )?
        .execute(params![
            payment.order_id.0,
            payment.status.as_str(),
            payment.amount.map(|amount| amount.amount),
            payment.amount.as_ref().map(|amount| amount.currency.as_str()),
            payment.captured,
            payment.refunded,
            payment.reason,
            now.as_micros(),
        ])?;
    Ok(())
}

/// Adds a line to the history of an order's payment.
pub(super) fn note(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    note: Note,
    now: Timestamp,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO payment_history (order_id, at, operation, outcome) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![order_id.0, now.as_micros(), note.operation.as_str(), note.outcome.as_str()])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Payment> {
    let amount = row
        .get::<_, Option<i64>>(2)?
        .map(|amount| Ok::<_, rusqlite::Error>(Money::new(amount, parse::<Currency>(row, 3)?)))
        .transpose()?;
    Ok(Payment {
        order_id: OrderId(row.get(0)?),
        status: parse(row, 1)?,
        amount,
        captured: row.get(4)?,
        refunded: row.get(5)?,
        reason: row.get(6)?,
    })
}

fn moment(row: &Row<'_>, at: usize) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp::from_micros(row.get(at)?))
}
