//! Rows of payments and of their history.

use std::{collections::HashMap, iter::repeat_n, sync::Arc};

use contracts::{Currency, Money, OrderId, Timestamp};
use futures::try_join;
use platform::{
    loader::Loader,
    store::{
        StoreError,
        postgres::{Database, Transaction, moment, parse, timestamp},
    },
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    domain::{Note, Payment},
    store::{HistoryEntry, Statement},
};

const FIND: &str = "SELECT order_id, status, amount, currency, captured, refunded, reason
    FROM payment WHERE order_id = ANY($1)";

/// Reads payments.
pub(super) fn loader(database: &Database) -> Loader<OrderId, Payment, Arc<StoreError>> {
    let database = database.clone();
    Loader::new(move |orders| {
        let database = database.clone();
        Box::pin(async move {
            let rows = database.query(FIND, &[&ids(&orders)]).await.map_err(Arc::new)?;
            Ok(by_order(&rows)?)
        })
    })
}

fn ids(orders: &[OrderId]) -> Vec<Uuid> {
    orders.iter().map(|order| order.0).collect()
}

fn by_order<C: FromIterator<(OrderId, Payment)>>(rows: &[Row]) -> Result<C, StoreError> {
    rows.iter().map(|row| read(row).map(|payment| (payment.order_id, payment))).collect()
}

/// What stands for an order where only a number can: the last 64 bits of an id are random.
pub(super) fn lock_key(order_id: OrderId) -> i64 {
    order_id.0.as_u64_pair().1.cast_signed()
}

/// Waits until nobody else changes the payments of these orders, keeps others from them until the transaction ends, and
/// reads those that there are: in one trip.
pub(super) async fn hold(
    transaction: &Transaction<'_>,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, Payment>, StoreError> {
    // There may be no rows to lock.
    let lock = transaction.lock(orders.iter().map(|order| lock_key(*order)).collect());
    let ids = ids(orders);
    let find = async { transaction.query(FIND, &[&ids]).await };
    // In this order, so that nothing is read before the locks are held.
    let ((), rows) = try_join!(lock, find)?;
    by_order(&rows)
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

/// A payment as it becomes, and what its history gains.
pub(super) struct Entry {
    pub(super) payment: Payment,
    pub(super) notes: Vec<Note>,
    pub(super) at: Timestamp,
}

const WRITE: &str = "WITH written AS (
        INSERT INTO payment
            (order_id, status, amount, currency, captured, refunded, reason, created_at, updated_at)
        SELECT *, at FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[],
            $7::text[], $8::timestamptz[])
            AS entry (order_id, status, amount, currency, captured, refunded, reason, at)
        ON CONFLICT (order_id) DO UPDATE SET
            status = excluded.status, amount = excluded.amount, currency = excluded.currency,
            captured = excluded.captured, refunded = excluded.refunded, reason = excluded.reason,
            updated_at = excluded.updated_at)
     INSERT INTO payment_history (order_id, at, operation, outcome)
     SELECT order_id, at, operation, outcome
     FROM unnest($9::uuid[], $10::timestamptz[], $11::text[], $12::text[]) WITH ORDINALITY
        AS note (order_id, at, operation, outcome, number)
     ORDER BY number";

/// Writes `entries`, each of another order, in place of what stood there for their orders, and adds to their histories:
/// by one statement.
pub(super) async fn write(transaction: &Transaction<'_>, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let payments = || entries.iter().map(|entry| &entry.payment);
    let notes = || entries.iter().flat_map(|entry| repeat_n(entry, entry.notes.len()).zip(&entry.notes));
    transaction
        .execute(
            WRITE,
            &[
                &payments().map(|payment| payment.order_id.0).collect::<Vec<_>>(),
                &payments().map(|payment| payment.status.as_str()).collect::<Vec<_>>(),
                &payments().map(|payment| payment.amount.map(|amount| amount.amount)).collect::<Vec<_>>(),
                &payments().map(currency).collect::<Vec<_>>(),
                &payments().map(|payment| payment.captured).collect::<Vec<_>>(),
                &payments().map(|payment| payment.refunded).collect::<Vec<_>>(),
                &payments().map(|payment| payment.reason.as_deref()).collect::<Vec<_>>(),
                &entries.iter().map(|entry| moment(entry.at)).collect::<Vec<_>>(),
                &notes().map(|(entry, _)| entry.payment.order_id.0).collect::<Vec<_>>(),
                &notes().map(|(entry, _)| moment(entry.at)).collect::<Vec<_>>(),
                &notes().map(|(_, note)| note.operation.as_str()).collect::<Vec<_>>(),
                &notes().map(|(_, note)| note.outcome.as_str()).collect::<Vec<_>>(),
            ],
        )
        .await?;
    Ok(())
}

fn currency(payment: &Payment) -> Option<&str> {
    payment.amount.as_ref().map(|amount| amount.currency.as_str())
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
