//! The steps of a checkout that concern the stock. Each can come twice, late, or before the step that it undoes.
//!
//! ```text
//! (none) ──reserve──► held ──commit──► sold        reserve may also end in refused,
//!    │                  │ release        │ release   and a held reservation in expired
//!    └──release──► released ◄────────────┘
//! ```
//!
//! The two steps of every order that goes well, reserve and commit, send all that they do in one trip, and look
//! afterwards whether all of it was right. If it was not, they roll back and go the longer way.

use contracts::{
    OrderId, Timestamp,
    events::{StockCommitted, StockExpired, StockRefused, StockReserved},
};
use futures::try_join;
use platform::{
    inbox::{Received, postgres::is_new},
    outbox::postgres::enqueue,
    store::{
        StoreError,
        postgres::{Connection, Database, Transaction},
    },
    timers::{
        Timer,
        postgres::{clear, set, stands},
    },
};

use super::reservations::{self, Reservation, Status};
use crate::{domain::Demand, store::RESERVATION_TIMER};

pub(super) async fn reserve(
    database: &Database,
    received: Received,
    order: OrderId,
    demand: &Demand,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    loop {
        if hold(&mut connection, received, order, demand, now, expires_at).await?
            || refuse(&mut connection, received, order, demand, now).await?
        {
            return Ok(());
        }
        // Somebody gave back between the two what the first lacked.
    }
}

/// Reserves for an order that is new, if nothing is lacking.
///
/// # Returns
/// Whether it did. If not, nothing was changed.
async fn hold(
    connection: &mut Connection,
    received: Received,
    order: OrderId,
    demand: &Demand,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, StoreError> {
    let held = Reservation { status: Status::Held, expires_at: Some(expires_at) };
    let timer =
        Timer { kind: RESERVATION_TIMER.to_owned(), subject: order.0, attempt: 1, due_at: expires_at };
    let reserved = StockReserved { order_id: order, expires_at };
    let tx = connection.begin();
    let (is_new, is_first, is_taken, (), ()) = try_join!(
        is_new(&tx, received, now),
        reservations::insert(&tx, order, held, now),
        reservations::take(&tx, order, demand),
        set(&tx, &timer),
        enqueue(&tx, &reserved, now),
    )?;
    let all_well = is_new && is_first && is_taken;
    if all_well {
        tx.commit().await?;
    }
    Ok(all_well)
}

/// Refuses an order that is new, or answers one that is not.
///
/// # Returns
/// Whether it did. If not, nothing is lacking, and nothing was changed.
async fn refuse(
    connection: &mut Connection,
    received: Received,
    order: OrderId,
    demand: &Demand,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let refused = Reservation { status: Status::Refused, expires_at: None };
    let tx = connection.begin();
    let (is_new, is_first, shortages) = try_join!(
        is_new(&tx, received, now),
        reservations::insert(&tx, order, refused, now),
        reservations::lacking(&tx, demand),
    )?;
    if !is_new {
        return Ok(true);
    }
    if !is_first {
        answer_again(&tx, order, now).await?;
    } else if shortages.is_empty() {
        return Ok(false);
    } else {
        let refused = StockRefused { order_id: order, shortages: shortages.clone() };
        try_join!(reservations::insert_shortages(&tx, order, &shortages), enqueue(&tx, &refused, now),)?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Says what was said when the order was first heard of. One that was undone since, or before, gets nothing.
async fn answer_again(tx: &Transaction<'_>, order_id: OrderId, now: Timestamp) -> Result<(), StoreError> {
    let (reservation, shortages) =
        try_join!(reservations::find(tx, order_id), reservations::shortages(tx, order_id))?;
    match reservation.map(|found| (found.status, found.expires_at)) {
        Some((Status::Held | Status::Sold, Some(expires_at))) => {
            enqueue(tx, &StockReserved { order_id, expires_at }, now).await
        }
        _ => enqueue(tx, &StockRefused { order_id, shortages }, now).await,
    }
}

pub(super) async fn commit(
    database: &Database,
    received: Received,
    order: OrderId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    if sell(&mut connection, received, order, now).await? {
        return Ok(());
    }
    let tx = connection.begin();
    let (is_new, reservation) = try_join!(is_new(&tx, received, now), reservations::find(&tx, order))?;
    if !is_new {
        return Ok(());
    }
    let committed = StockCommitted { order_id: order };
    match reservation.map(|found| (found.status, found.expires_at)) {
        // It was reserved a moment ago, behind the back of the first attempt.
        Some((Status::Held, Some(expires_at))) if now < expires_at => {
            try_join!(
                reservations::sell(&tx, order, now),
                clear(&tx, RESERVATION_TIMER, order.0),
                enqueue(&tx, &committed, now),
            )?;
        }
        // Its timer is due, and has not fired yet: this says what the timer would.
        Some((Status::Held, _)) => end(&tx, order, now).await?,
        Some((Status::Sold, _)) => enqueue(&tx, &committed, now).await?,
        _ => enqueue(&tx, &StockExpired { order_id: order }, now).await?,
    }
    tx.commit().await
}

/// Sells what the order holds, if its time is not over.
///
/// # Returns
/// Whether it did. If not, nothing was changed.
async fn sell(
    connection: &mut Connection,
    received: Received,
    order: OrderId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let committed = StockCommitted { order_id: order };
    let tx = connection.begin();
    let (is_new, is_sold, (), ()) = try_join!(
        is_new(&tx, received, now),
        reservations::sell(&tx, order, now),
        clear(&tx, RESERVATION_TIMER, order.0),
        enqueue(&tx, &committed, now),
    )?;
    if is_new && is_sold {
        tx.commit().await?;
    }
    Ok(is_new && is_sold)
}

pub(super) async fn release(
    database: &Database,
    received: Received,
    order: OrderId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    let released = Reservation { status: Status::Released, expires_at: None };
    let (is_new, is_first) =
        try_join!(is_new(&tx, received, now), reservations::insert(&tx, order, released, now))?;
    if !is_new {
        return Ok(());
    }
    // If the order is still on its way here, 'released' is what it will find.
    let found = if is_first { None } else { reservations::find(&tx, order).await? };
    match found.map(|reservation| reservation.status) {
        Some(Status::Held) => {
            try_join!(
                reservations::give_back_held(&tx, order),
                reservations::set_status(&tx, order, Status::Released, now),
                clear(&tx, RESERVATION_TIMER, order.0),
            )?;
        }
        Some(Status::Sold) => {
            try_join!(
                reservations::give_back_sold(&tx, order),
                reservations::set_status(&tx, order, Status::Released, now),
            )?;
        }
        None | Some(Status::Released | Status::Refused | Status::Expired) => {}
    }
    tx.commit().await
}

pub(super) async fn expire(database: &Database, timer: &Timer, now: Timestamp) -> Result<(), StoreError> {
    let order = OrderId(timer.subject);
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    // The reservation is locked before its timer, as everywhere.
    let found = reservations::find(&tx, order).await?;
    if !stands(&tx, timer).await? {
        return Ok(());
    }
    match found.map(|reservation| reservation.status) {
        Some(Status::Held) => end(&tx, order, now).await?,
        _ => clear(&tx, RESERVATION_TIMER, order.0).await?,
    }
    tx.commit().await
}

/// Ends a held reservation whose time is over.
async fn end(tx: &Transaction<'_>, order: OrderId, now: Timestamp) -> Result<(), StoreError> {
    let expired = StockExpired { order_id: order };
    try_join!(
        reservations::give_back_held(tx, order),
        reservations::set_status(tx, order, Status::Expired, now),
        clear(tx, RESERVATION_TIMER, order.0),
        enqueue(tx, &expired, now),
    )?;
    Ok(())
}
