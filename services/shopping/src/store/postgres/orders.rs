//! Reading orders, each with its lines in one statement.

use std::collections::HashMap;

use contracts::{Currency, CustomerId, Money, OrderId, ProductId, rpc::OrderStatus};
use futures::try_join;
use platform::store::{
    StoreError,
    postgres::{Database, Transaction, count, parse, timestamp},
};
use tokio_postgres::{Row, types::Json};
use uuid::Uuid;

use super::{integer, money};
use crate::{
    domain::{Order, OrderLine, Timeline, TimelineEntry},
    store::OrderFilter,
};

/// Orders, and in arrays what each of their lines says.
const SELECT: &str = "SELECT o.id, o.customer_id, o.status, o.reason, o.amount, o.currency, o.payment_token, o.address,
        o.captured, o.refund_requested, o.placed_at, o.updated_at,
        lines.product_ids, lines.names, lines.amounts, lines.currencies, lines.quantities
    FROM orders AS o CROSS JOIN LATERAL
        (SELECT coalesce(array_agg(product_id), '{}') AS product_ids, coalesce(array_agg(name), '{}') AS names,
            coalesce(array_agg(amount), '{}') AS amounts, coalesce(array_agg(currency), '{}') AS currencies,
            coalesce(array_agg(quantity), '{}') AS quantities
         FROM (SELECT product_id, name, amount, currency, quantity FROM order_line
               WHERE order_id = o.id ORDER BY product_id) AS line) AS lines";

pub(super) async fn find(database: &Database, order_id: OrderId) -> Result<Option<Order>, StoreError> {
    let rows = database.query(&format!("{SELECT} WHERE o.id = $1"), &[&order_id.0]).await?;
    rows.first().map(order).transpose()
}

/// Waits until nothing else happens to orders, and keeps everything else from them until the transaction ends.
pub(super) async fn lock(
    transaction: &Transaction<'_>,
    orders: &[Uuid],
) -> Result<HashMap<OrderId, Order>, StoreError> {
    let sql = format!("{SELECT} WHERE o.id = ANY($1) ORDER BY o.id FOR UPDATE OF o");
    let rows = transaction.query(&sql, &[&orders]).await?;
    rows.iter().map(|row| order(row).map(|order| (order.id, order))).collect()
}

/// Locks the orders of a customer, and reads those that are being checked out.
pub(super) async fn lock_of(
    transaction: &Transaction<'_>,
    customer_id: CustomerId,
) -> Result<Vec<Order>, StoreError> {
    // All in the order of their ids, as whoever advances several: each of them is written to in the end.
    let lock = async {
        let sql = "SELECT 1 FROM orders WHERE customer_id = $1 ORDER BY id FOR UPDATE";
        transaction.query(sql, &[&customer_id.0]).await
    };
    let read = async {
        let open = "o.status IN ('pending', 'reserved', 'authorised')";
        let sql = format!("{SELECT} WHERE o.customer_id = $1 AND {open} ORDER BY o.id");
        transaction.query(&sql, &[&customer_id.0]).await
    };
    let (_, open) = try_join!(lock, read)?;
    open.iter().map(order).collect()
}

pub(super) async fn list(
    database: &Database,
    filter: OrderFilter,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Order>, StoreError> {
    let customer_id = filter.customer_id.map(|customer| customer.0);
    let status = filter.status.map(OrderStatus::as_str);
    let after = after.map(|order| order.0);
    let limit = i64::from(limit);
    let sql = list_sql(customer_id.is_some(), status.is_some(), after.is_some());
    database.query(&sql, &[&customer_id, &status, &after, &limit]).await?.iter().map(order).collect()
}

/// Each filter that is given is a condition of its own, so that the index on it is used.
pub(super) fn list_sql(of_customer: bool, in_status: bool, behind: bool) -> String {
    let of_customer = if of_customer { "o.customer_id = $1" } else { "$1::uuid IS NULL" };
    let in_status = if in_status { "o.status = $2" } else { "$2::text IS NULL" };
    let behind = if behind { "o.id < $3" } else { "$3::uuid IS NULL" };
    format!("{SELECT} WHERE {of_customer} AND {in_status} AND {behind} ORDER BY o.id DESC LIMIT $4")
}

pub(super) async fn timeline(
    database: &Database,
    order_id: OrderId,
    after: u32,
) -> Result<Option<Timeline>, StoreError> {
    let rows = database
        .query(
            "SELECT o.customer_id, o.status, step.number, step.at, step.status AS step_status, step.note
             FROM orders AS o LEFT JOIN order_timeline AS step ON step.order_id = o.id AND step.number > $2
             WHERE o.id = $1 ORDER BY step.number",
            &[&order_id.0, &integer(after)],
        )
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let customer_id = first.try_get::<_, Option<_>>("customer_id")?.map(CustomerId);
    let status = parse(first, "status")?;
    let mut steps = Vec::new();
    for row in &rows {
        if row.try_get::<_, Option<i32>>("number")?.is_some() {
            let (number, at) = (count(row, "number")?, timestamp(row, "at")?);
            let (status, note) = (parse(row, "step_status")?, row.try_get("note")?);
            steps.push(TimelineEntry { number, at, status, note });
        }
    }
    Ok(Some(Timeline { customer_id, status, steps }))
}

fn order(row: &Row) -> Result<Order, StoreError> {
    Ok(Order {
        id: OrderId(row.try_get("id")?),
        customer_id: row.try_get::<_, Option<_>>("customer_id")?.map(CustomerId),
        status: parse(row, "status")?,
        reason: row.try_get("reason")?,
        lines: lines(row)?,
        total: money(row)?,
        payment_token: row.try_get("payment_token")?,
        address: row.try_get::<_, Option<Json<_>>>("address")?.map(|Json(address)| address),
        captured: row.try_get("captured")?,
        refund_requested: row.try_get("refund_requested")?,
        placed_at: timestamp(row, "placed_at")?,
        updated_at: timestamp(row, "updated_at")?,
    })
}

fn lines(row: &Row) -> Result<Vec<OrderLine>, StoreError> {
    let products: Vec<Uuid> = row.try_get("product_ids")?;
    let names: Vec<String> = row.try_get("names")?;
    let amounts: Vec<i64> = row.try_get("amounts")?;
    let currencies: Vec<&str> = row.try_get("currencies")?;
    let quantities: Vec<i32> = row.try_get("quantities")?;
    let prices = amounts.into_iter().zip(currencies);
    products
        .into_iter()
        .zip(names)
        .zip(prices.zip(quantities))
        .map(|((product, name), ((amount, currency), quantity))| {
            let currency: Currency = currency.parse().map_err(|error| StoreError::Failed(Box::new(error)))?;
            let quantity = u32::try_from(quantity).map_err(|error| StoreError::Failed(Box::new(error)))?;
            let (product_id, price) = (ProductId(product), Money::new(amount, currency));
            Ok(OrderLine { product_id, name, price, quantity })
        })
        .collect()
}
