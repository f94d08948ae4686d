//! Placing an order: one trip to lock the cart and look, one to write.

use contracts::{
    CustomerId, OrderId, Timestamp,
    events::{self, OrderPlaced},
    rpc::OrderStatus,
};
use futures::try_join;
use platform::{
    idempotency::{Known, postgres as idempotency},
    outbox,
    store::{
        StoreError,
        postgres::{Transaction, moment},
    },
    timers::{self, Timer},
};
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::{cart_lines, integer};
use crate::{
    checkout,
    domain::{CartOwner, Order},
    store::{PlaceOrder, Placing},
};

pub(super) async fn place(
    transaction: &Transaction<'_>,
    placing: &PlaceOrder,
) -> Result<Placing, StoreError> {
    let order = &placing.order;
    let customer_id =
        order.customer_id.ok_or_else(|| StoreError::corrupt("an order is placed by somebody"))?;
    let owner = CartOwner::Customer(customer_id);
    let known = async {
        match &placing.idempotency {
            Some(key) => idempotency::known(transaction, key).await,
            None => Ok(Known::New),
        }
    };
    // The cart first: of two that are placed at once the second waits here, and then finds it empty.
    let (cart, known, gone) =
        try_join!(cart_lines::hold(transaction, owner), known, is_gone(transaction, customer_id))?;
    match known {
        Known::Answered(order_id) => return Ok(Placing::Replayed(order_id)),
        Known::Conflict => return Ok(Placing::KeyConflict),
        Known::New => {}
    }
    if gone {
        return Ok(Placing::CustomerGone);
    }
    if cart.unwrap_or_default().lines != placing.from.lines {
        return Ok(Placing::CartChanged);
    }
    let keep = async {
        match &placing.idempotency {
            Some(key) => idempotency::keep(transaction, key, &order.id, order.placed_at).await,
            None => Ok(()),
        }
    };
    let (placed, timer) = (placed(order), timer(order.id, order.status, 1, order.placed_at));
    let write = async {
        try_join!(
            insert(transaction, order),
            outbox::postgres::enqueue(transaction, &placed, order.placed_at),
            timers::postgres::set(transaction, &timer),
            cart_lines::empty(transaction, owner),
            keep,
        )
    };
    transaction.end_with(write).await?;
    Ok(Placing::Placed)
}

/// Whether a customer has been deleted. Nobody else asks this, so it is not sent ahead of the lock on the owner.
async fn is_gone(transaction: &Transaction<'_>, customer_id: CustomerId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM revocation WHERE subject = $1 AND kind = 'customer'";
    Ok(transaction.query_opt(sql, &[&customer_id.0]).await?.is_some())
}

/// Inserts an order, its lines and its first step, all by one statement.
async fn insert(transaction: &Transaction<'_>, order: &Order) -> Result<(), StoreError> {
    let lines = &order.lines;
    let products: Vec<Uuid> = lines.iter().map(|line| line.product_id.0).collect();
    let names: Vec<&str> = lines.iter().map(|line| line.name.as_str()).collect();
    let amounts: Vec<i64> = lines.iter().map(|line| line.price.amount).collect();
    let currencies: Vec<&str> = lines.iter().map(|line| line.price.currency.as_str()).collect();
    let quantities: Vec<i32> = lines.iter().map(|line| integer(line.quantity)).collect();
    transaction
        .execute(
            "WITH placed AS (
                INSERT INTO orders (id, customer_id, status, amount, currency, payment_token, address, placed_at, updated_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)),
             sold AS (
                INSERT INTO order_line (order_id, product_id, name, amount, currency, quantity)
                SELECT $1, line.* FROM unnest($9::uuid[], $10::text[], $11::bigint[], $12::text[], $13::integer[]) AS line)
             INSERT INTO order_timeline (order_id, number, at, status, note)
             VALUES ($1, 1, $8, $3, 'The order was placed.')",
            &[
                &order.id.0,
                &order.customer_id.map(|customer| customer.0),
                &order.status.as_str(),
                &order.total.amount,
                &order.total.currency.as_str(),
                &order.payment_token,
                &order.address.as_ref().map(Json),
                &moment(order.placed_at),
                &products,
                &names,
                &amounts,
                &currencies,
                &quantities,
            ],
        )
        .await?;
    Ok(())
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
