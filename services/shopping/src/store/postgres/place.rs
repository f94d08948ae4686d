//! Placing an order: one trip to lock the cart and look, one to write.

use std::{collections::HashSet, time::SystemTime};

use contracts::{
    CustomerId, OrderId, Timestamp,
    events::{self, OrderPlaced},
    rpc::OrderStatus,
};
use futures::{future::try_join_all, try_join};
use platform::{
    idempotency::{Known, postgres as idempotency},
    outbox,
    store::{
        StoreError,
        postgres::{Asked, Transaction, moment},
    },
    timers::{self, Timer},
};
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::{cart_lines, integer};
use crate::{
    checkout,
    domain::{CartOwner, Order, OrderLine},
    store::{PlaceOrder, Placing},
};

/// Places orders, each of another customer.
pub(super) async fn place(
    transaction: &Transaction<'_>,
    placings: &[Asked<PlaceOrder>],
) -> Result<Vec<Placing>, StoreError> {
    let customers = placings.iter().map(|placing| customer(placing));
    let customers = customers.collect::<Result<Vec<CustomerId>, StoreError>>()?;
    let owners: Vec<CartOwner> = customers.iter().copied().map(CartOwner::Customer).collect();
    // The carts first: of two orders that are placed at once the second waits here, and then finds its cart empty.
    let (mut carts, known, gone) = try_join!(
        cart_lines::hold_all(transaction, &owners),
        try_join_all(placings.iter().map(|placing| known(transaction, placing))),
        gone(transaction, &customers),
    )?;
    let (mut answers, mut placed) = (Vec::new(), Vec::new());
    for ((placing, known), customer_id) in placings.iter().zip(known).zip(customers) {
        let cart = carts.remove(&CartOwner::Customer(customer_id)).unwrap_or_default();
        answers.push(match known {
            Known::Answered(order_id) => Placing::Replayed(order_id),
            Known::Conflict => Placing::KeyConflict,
            Known::New if gone.contains(&customer_id) => Placing::CustomerGone,
            Known::New if cart.lines != placing.from.lines => Placing::CartChanged,
            Known::New => {
                placing.sync_scope(|| tell(transaction, &placing.order));
                placed.push((&**placing, CartOwner::Customer(customer_id)));
                Placing::Placed
            }
        });
    }
    let (placed, emptied): (Vec<&PlaceOrder>, Vec<CartOwner>) = placed.into_iter().unzip();
    let write = async {
        if placed.is_empty() {
            return Ok(());
        }
        try_join!(
            insert(transaction, &placed),
            cart_lines::empty(transaction, &emptied),
            try_join_all(placed.iter().map(|placing| keep(transaction, placing))),
        )?;
        Ok(())
    };
    transaction.end_with(write).await?;
    Ok(answers)
}

/// Who places an order.
pub(super) fn customer(placing: &PlaceOrder) -> Result<CustomerId, StoreError> {
    placing.order.customer_id.ok_or_else(|| StoreError::corrupt("an order is placed by somebody"))
}

async fn known(transaction: &Transaction<'_>, placing: &PlaceOrder) -> Result<Known<OrderId>, StoreError> {
    match &placing.idempotency {
        Some(key) => idempotency::known(transaction, key).await,
        None => Ok(Known::New),
    }
}

async fn keep(transaction: &Transaction<'_>, placing: &PlaceOrder) -> Result<(), StoreError> {
    let order = &placing.order;
    match &placing.idempotency {
        Some(key) => idempotency::keep(transaction, key, &order.id, order.placed_at).await,
        None => Ok(()),
    }
}

/// Which customers have been deleted. Nobody else asks this, so it is not sent ahead of the locks on the owners.
async fn gone(
    transaction: &Transaction<'_>,
    customers: &[CustomerId],
) -> Result<HashSet<CustomerId>, StoreError> {
    let customers: Vec<Uuid> = customers.iter().map(|customer| customer.0).collect();
    let sql = "SELECT subject FROM revocation WHERE subject = ANY($1) AND kind = 'customer'";
    let rows = transaction.query(sql, &[&customers]).await?;
    rows.iter().map(|row| Ok(CustomerId(row.try_get(0)?))).collect()
}

/// Has the others told of an order, and its timer set, with the commit.
fn tell(transaction: &Transaction<'_>, order: &Order) {
    outbox::postgres::enqueue(transaction, &placed(order), order.placed_at);
    timers::postgres::set(transaction, timer(order.id, order.status, 1, order.placed_at));
}

/// Inserts orders, their lines and their first steps, all by one statement.
async fn insert(transaction: &Transaction<'_>, placed: &[&PlaceOrder]) -> Result<(), StoreError> {
    let orders: Vec<&Order> = placed.iter().map(|placing| &placing.order).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id.0).collect();
    let customers: Vec<Option<Uuid>> =
        orders.iter().map(|order| order.customer_id.map(|customer| customer.0)).collect();
    let statuses: Vec<&str> = orders.iter().map(|order| order.status.as_str()).collect();
    let totals: Vec<i64> = orders.iter().map(|order| order.total.amount).collect();
    let total_currencies: Vec<&str> = orders.iter().map(|order| order.total.currency.as_str()).collect();
    let tokens: Vec<&str> = orders.iter().map(|order| order.payment_token.as_str()).collect();
    let addresses: Vec<Option<Json<&_>>> =
        orders.iter().map(|order| order.address.as_ref().map(Json)).collect();
    let times: Vec<SystemTime> = orders.iter().map(|order| moment(order.placed_at)).collect();
    let lines: Vec<(Uuid, &OrderLine)> =
        orders.iter().flat_map(|order| order.lines.iter().map(|line| (order.id.0, line))).collect();
    let of: Vec<Uuid> = lines.iter().map(|(order, _)| *order).collect();
    let products: Vec<Uuid> = lines.iter().map(|(_, line)| line.product_id.0).collect();
    let names: Vec<&str> = lines.iter().map(|(_, line)| line.name.as_str()).collect();
    let amounts: Vec<i64> = lines.iter().map(|(_, line)| line.price.amount).collect();
    let currencies: Vec<&str> = lines.iter().map(|(_, line)| line.price.currency.as_str()).collect();
    let quantities: Vec<i32> = lines.iter().map(|(_, line)| integer(line.quantity)).collect();
    transaction
        .execute(
            "WITH placed AS (
                SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[],
                    $7::jsonb[], $8::timestamptz[])
                AS placed (id, customer_id, status, amount, currency, payment_token, address, at)),
             entered AS (
                INSERT INTO orders
                    (id, customer_id, status, amount, currency, payment_token, address, placed_at, updated_at)
                SELECT *, at FROM placed),
             sold AS (
                INSERT INTO order_line (order_id, product_id, name, amount, currency, quantity)
                SELECT * FROM unnest($9::uuid[], $10::uuid[], $11::text[], $12::bigint[], $13::text[], $14::integer[]))
             INSERT INTO order_timeline (order_id, number, at, status, note)
             SELECT id, 1, at, status, 'The order was placed.' FROM placed",
            &[
                &ids,
                &customers,
                &statuses,
                &totals,
                &total_currencies,
                &tokens,
                &addresses,
                &times,
                &of,
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
