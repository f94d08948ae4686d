//! Orders: placing and reading them.

use contracts::{
    CustomerId, OrderId, ProductId, Timestamp,
    events::{self, OrderPlaced},
    rpc::OrderStatus,
};
use platform::{
    idempotency::{Known, sqlite as idempotency},
    outbox,
    store::{StoreError, sqlite::Transaction},
    timers::{self, Timer},
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{carts, money};
use crate::{
    checkout,
    domain::{CartOwner, Order, OrderLine, Timeline, TimelineEntry},
    store::{OrderFilter, PlaceOrder, Placing},
};

pub(super) fn place(transaction: &Transaction<'_>, placing: &PlaceOrder) -> Result<Placing, StoreError> {
    let order = &placing.order;
    if let Some(key) = &placing.idempotency {
        match idempotency::known(transaction, key)? {
            Known::Answered(order_id) => return Ok(Placing::Replayed(order_id)),
            Known::Conflict => return Ok(Placing::KeyConflict),
            Known::New => {}
        }
    }
    let Some(customer_id) = order.customer_id else {
        return Err(StoreError::corrupt("an order is placed by somebody"));
    };
    if carts::is_gone(transaction, customer_id)? {
        return Ok(Placing::CustomerGone);
    }
    let owner = CartOwner::Customer(customer_id);
    if carts::lines(transaction, owner)? != placing.from.lines {
        return Ok(Placing::CartChanged);
    }
    insert(transaction, order)?;
    append(transaction, order.id, order.status, "The order was placed.", order.placed_at)?;
    outbox::sqlite::enqueue(transaction, &placed(order), order.placed_at)?;
    timers::sqlite::set(transaction, &timer(order.id, order.status, 1, order.placed_at))?;
    carts::clear(transaction, owner, order.placed_at)?;
    if let Some(key) = &placing.idempotency {
        idempotency::keep(transaction, key, &order.id, order.placed_at)?;
    }
    Ok(Placing::Placed)
}

pub(super) fn placed(order: &Order) -> OrderPlaced {
    let lines = order.lines.iter();
    let lines = lines.map(|line| events::OrderLine { product_id: line.product_id, quantity: line.quantity });
    OrderPlaced { order_id: order.id, lines: lines.collect() }
}

/// The timer that looks after `attempt` of what an order in `status` waits for.
pub(super) fn timer(order_id: OrderId, status: OrderStatus, attempt: u32, now: Timestamp) -> Timer {
    let due_at = now + checkout::wait(status, attempt);
    Timer { kind: checkout::TIMER.to_owned(), subject: order_id.0, attempt, due_at }
}

fn insert(transaction: &Transaction<'_>, order: &Order) -> Result<(), StoreError> {
    let address = order.address.as_ref().map(serde_json::to_string).transpose();
    transaction
        .prepare_cached(
            "INSERT INTO orders (id, customer_id, status, amount, currency, payment_token, address, placed_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
        )?
        .execute(params![
            order.id.0,
            order.customer_id.map(|customer| customer.0),
            order.status.as_str(),
            order.total.amount,
            order.total.currency.as_str(),
            order.payment_token,
            address.map_err(|error| StoreError::Failed(error.into()))?,
            order.placed_at.as_micros(),
        ])?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO order_line (order_id, product_id, name, amount, currency, quantity) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for line in &order.lines {
        let (amount, currency) = (line.price.amount, line.price.currency.as_str());
        insert.execute(params![order.id.0, line.product_id.0, line.name, amount, currency, line.quantity])?;
    }
    Ok(())
}

pub(super) fn append(
    transaction: &Transaction<'_>,
    order_id: OrderId,
    status: OrderStatus,
    note: &str,
    now: Timestamp,
) -> Result<TimelineEntry, StoreError> {
    let number = transaction
        .prepare_cached(
            "INSERT INTO order_timeline (order_id, number, at, status, note)
             VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM order_timeline WHERE order_id = ?1), ?2, ?3, ?4)
             RETURNING number",
        )?
        .query_row(params![order_id.0, now.as_micros(), status.as_str(), note], |row| row.get(0))?;
    Ok(TimelineEntry { number, at: now, status, note: note.to_owned() })
}

const COLUMNS: &str = "id, customer_id, status, reason, amount, currency, payment_token, address, captured,
    refund_requested, placed_at, updated_at";

pub(super) fn find(connection: &Connection, order_id: OrderId) -> Result<Option<Order>, StoreError> {
    let order = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM orders WHERE id = ?1"))?
        .query_row([order_id.0], order)
        .optional()?;
    order.map(|order| with_lines(connection, order)).transpose()
}

pub(super) fn list(
    connection: &Connection,
    filter: OrderFilter,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Order>, StoreError> {
    // Each filter that is given is a condition of its own, so that the index on it is used.
    let of_customer = if filter.customer_id.is_some() { "customer_id = ?1" } else { "?1 IS NULL" };
    let in_status = if filter.status.is_some() { "status = ?2" } else { "?2 IS NULL" };
    let behind = if after.is_some() { "id < ?3" } else { "?3 IS NULL" };
    let sql = format!(
        "SELECT {COLUMNS} FROM orders WHERE {of_customer} AND {in_status} AND {behind} ORDER BY id DESC LIMIT ?4"
    );
    let mut rows = connection.prepare_cached(&sql)?;
    let rows = rows.query_map(
        params![
            filter.customer_id.map(|customer| customer.0),
            filter.status.map(OrderStatus::as_str),
            after.map(|order| order.0),
            limit
        ],
        order,
    )?;
    rows.map(|order| with_lines(connection, order?)).collect()
}

fn with_lines(connection: &Connection, mut order: Order) -> Result<Order, StoreError> {
    let mut rows = connection.prepare_cached(
        "SELECT product_id, name, amount, currency, quantity FROM order_line WHERE order_id = ?1 ORDER BY product_id",
    )?;
    let rows = rows.query_map([order.id.0], |row| {
        let (product_id, name) = (ProductId(row.get(0)?), row.get(1)?);
        Ok(OrderLine { product_id, name, price: money(row, 2)?, quantity: row.get(4)? })
    })?;
    order.lines = rows.collect::<Result<_, _>>()?;
    Ok(order)
}

pub(super) fn timeline(
    connection: &Connection,
    order_id: OrderId,
    after: u32,
) -> Result<Option<Timeline>, StoreError> {
    let whose = "SELECT customer_id, status FROM orders WHERE id = ?1";
    let whose = connection
        .prepare_cached(whose)?
        .query_row([order_id.0], |row| Ok((row.get::<_, Option<_>>(0)?, status(row, 1)?)))
        .optional()?;
    let Some((customer_id, status_now)) = whose else { return Ok(None) };
    let mut rows = connection.prepare_cached(
        "SELECT number, at, status, note FROM order_timeline WHERE order_id = ?1 AND number > ?2 ORDER BY number",
    )?;
    let steps = rows.query_map(params![order_id.0, after], |row| {
        let at = Timestamp::from_micros(row.get(1)?);
        Ok(TimelineEntry { number: row.get(0)?, at, status: status(row, 2)?, note: row.get(3)? })
    })?;
    let steps = steps.collect::<Result<_, _>>()?;
    Ok(Some(Timeline { customer_id: customer_id.map(CustomerId), status: status_now, steps }))
}

fn order(row: &Row<'_>) -> rusqlite::Result<Order> {
    let address = row.get::<_, Option<String>>(7)?.map(|json| serde_json::from_str(&json)).transpose();
    let unreadable =
        |error| rusqlite::Error::FromSqlConversionFailure(7, rusqlite::types::Type::Text, Box::new(error));
    Ok(Order {
        id: OrderId(row.get(0)?),
        customer_id: row.get::<_, Option<_>>(1)?.map(CustomerId),
        status: status(row, 2)?,
        reason: row.get(3)?,
        lines: Vec::new(),
        total: money(row, 4)?,
        payment_token: row.get(6)?,
        address: address.map_err(unreadable)?,
        captured: row.get(8)?,
        refund_requested: row.get(9)?,
        placed_at: Timestamp::from_micros(row.get(10)?),
        updated_at: Timestamp::from_micros(row.get(11)?),
    })
}

fn status(row: &Row<'_>, at: usize) -> rusqlite::Result<OrderStatus> {
    platform::store::sqlite::parse(row, at)
}
