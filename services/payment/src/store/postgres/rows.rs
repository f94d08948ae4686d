//! Rows of payments and of their history.

use contracts::{Currency, Money, OrderId, Timestamp};
use futures::try_join;
use platform::store::{
    StoreError,
    postgres::{Database, Transaction, moment, parse, timestamp},
};
use tokio_postgres::Row;

use crate::{
    domain::{Note, Payment},
    store::{HistoryEntry, Statement},
};

pub(super) async fn payment(database: &Database, order_id: OrderId) -> Result<Option<Payment>, StoreError> {
    let sql = "SELECT order_id, status, amount, currency, captured, refunded, reason FROM payment WHERE order_id = $1";
    database.query(sql, &[&order_id.0]).await?.first().map(read).transpose()
}

/// Waits until nobody else changes the payment of an order, keeps others from it until the transaction ends, and reads
/// it: in one trip.
pub(super) async fn hold(
    transaction: &Transaction<'_>,
    order_id: OrderId,
) -> Result<Option<Payment>, StoreError> {
    // There may be no row to lock. The last 64 bits of an id are random.
    let last = order_id.0.as_u64_pair().1.cast_signed();
    let lock = async { transaction.query("SELECT pg_advisory_xact_lock($1)", &[&last]).await };
    let find = async {
        let sql = "SELECT order_id, status, amount, currency, captured, refunded, reason
             FROM payment WHERE order_id = $1";
        transaction.query_opt(sql, &[&order_id.0]).await
    };
    // In this order, so that nothing is read before the lock is held.
    let (_, row) = try_join!(lock, find)?;
    row.as_ref().map(read).transpose()
}

pub(super) async fn payments(
    database: &Database,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Payment>, StoreError> {
    let behind = if after.is_some() { "order_id > $1" } else { "$1::uuid IS NULL" };
    let sql = format!(
        "SELECT order_id, status, amount, currency, captured, refunded, reason
         FROM payment WHERE {behind} ORDER BY order_id LIMIT $2"
    );
    let after = after.map(|order_id| order_id.0);
    database.query(&sql, &[&after, &i64::from(limit)]).await?.iter().map(read).collect()
}

pub(super) async fn statement(
    database: &Database,
    order_id: OrderId,
) -> Result<Option<Statement>, StoreError> {
    // One row for each line of the history, or one without any.
    let rows = database
        .query(
            "SELECT order_id, status, amount, currency, captured, refunded, reason, created_at, updated_at,
                at, operation, outcome
             FROM payment LEFT JOIN payment_history USING (order_id) WHERE order_id = $1 ORDER BY id",
            &[&order_id.0],
        )
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut history = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.try_get::<_, Option<&str>>("operation")?.is_some() {
            let (operation, outcome) = (parse(row, "operation")?, parse(row, "outcome")?);
            history.push(HistoryEntry { at: timestamp(row, "at")?, operation, outcome });
        }
    }
    let (created_at, updated_at) = (timestamp(first, "created_at")?, timestamp(first, "updated_at")?);
    Ok(Some(Statement { payment: read(first)?, history, created_at, updated_at }))
}

/// Writes `payment`, in place of what stood there for its order, and adds `notes` to its history: by one statement.
pub(super) async fn write(
    transaction: &Transaction<'_>,
    payment: &Payment,
    notes: &[Note],
    now: Timestamp,
) -> Result<(), StoreError> {
    let operations: Vec<&str> = notes.iter().map(|note| note.operation.as_str()).collect();
    let outcomes: Vec<&str> = notes.iter().map(|note| note.outcome.as_str()).collect();
    transaction
        .execute(
            "WITH written AS (
                INSERT INTO payment
                    (order_id, status, amount, currency, captured, refunded, reason, created_at, updated_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
                ON CONFLICT (order_id) DO UPDATE SET
                    status = excluded.status, amount = excluded.amount, currency = excluded.currency,
                    captured = excluded.captured, refunded = excluded.refunded, reason = excluded.reason,
                    updated_at = excluded.updated_at)
             INSERT INTO payment_history (order_id, at, operation, outcome)
             SELECT $1, $8, operation, outcome
             FROM unnest($9::text[], $10::text[]) WITH ORDINALITY AS note (operation, outcome, number) ORDER BY number",
            &[
                &payment.order_id.0,
                &payment.status.as_str(),
                &payment.amount.map(|amount| amount.amount),
                &payment.amount.as_ref().map(|amount| amount.currency.as_str()),
                &payment.captured,
                &payment.refunded,
                &payment.reason,
                &moment(now),
                &operations,
                &outcomes,
            ],
        )
        .await?;
    Ok(())
}

fn read(row: &Row) -> Result<Payment, StoreError> {
    Ok(Payment {
        order_id: OrderId(row.try_get("order_id")?),
        status: parse(row, "status")?,
        amount: money(row)?,
        captured: row.try_get("captured")?,
        refunded: row.try_get("refunded")?,
        reason: row.try_get("reason")?,
    })
}

/// Reads the columns `amount` and `currency`, both or neither of which hold something.
fn money(row: &Row) -> Result<Option<Money>, StoreError> {
    let amount: Option<i64> = row.try_get("amount")?;
    amount.map(|amount| Ok(Money::new(amount, parse::<Currency>(row, "currency")?))).transpose()
}
