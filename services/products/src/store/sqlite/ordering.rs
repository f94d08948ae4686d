//! The steps of a checkout that concern the stock. Each can come twice, late, or before the step that it undoes.
//!
//! ```text
//! (none) ──reserve──► held ──commit──► sold        reserve may also end in refused,
//!    │                  │ release        │ release   and a held reservation in expired
//!    └──release──► released ◄────────────┘
//! ```

use contracts::{
    OrderId, Timestamp,
    events::{StockCommitted, StockExpired, StockRefused, StockReserved},
};
use platform::{
    inbox::{Received, sqlite::is_new},
    outbox::sqlite::enqueue,
    store::{StoreError, sqlite::Transaction},
    timers::{self, Timer},
};

use super::reservations::{self, Reservation, Status};
use crate::{domain::Demand, store::RESERVATION_TIMER};

pub(super) fn reserve(
    tx: &Transaction<'_>,
    received: Received,
    order: OrderId,
    demand: &Demand,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    if !is_new(tx, received, now)? {
        return Ok(());
    }
    if let Some(reservation) = reservations::find(tx, order)? {
        return answer_again(tx, order, &reservation, now);
    }
    let shortages = reservations::take(tx, demand)?;
    if !shortages.is_empty() {
        reservations::insert(tx, order, &Reservation { status: Status::Refused, expires_at: None }, now)?;
        reservations::insert_shortages(tx, order, &shortages)?;
        return enqueue(tx, &StockRefused { order_id: order, shortages }, now);
    }
    reservations::insert(
        tx,
        order,
        &Reservation { status: Status::Held, expires_at: Some(expires_at) },
        now,
    )?;
    reservations::insert_lines(tx, order, demand)?;
    let timer =
        Timer { kind: RESERVATION_TIMER.to_owned(), subject: order.0, attempt: 1, due_at: expires_at };
    timers::sqlite::set(tx, &timer)?;
    enqueue(tx, &StockReserved { order_id: order, expires_at }, now)
}

/// Says what was said when the order was first heard of. One that was undone since, or before, gets nothing.
fn answer_again(
    tx: &Transaction<'_>,
    order_id: OrderId,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<(), StoreError> {
    match (reservation.status, reservation.expires_at) {
        (Status::Held | Status::Sold, Some(expires_at)) => {
            enqueue(tx, &StockReserved { order_id, expires_at }, now)
        }
        _ => {
            let shortages = reservations::shortages(tx, order_id)?;
            enqueue(tx, &StockRefused { order_id, shortages }, now)
        }
    }
}

pub(super) fn commit(
    tx: &Transaction<'_>,
    received: Received,
    order: OrderId,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !is_new(tx, received, now)? {
        return Ok(());
    }
    let Some(reservation) = reservations::find(tx, order)? else {
        return enqueue(tx, &StockExpired { order_id: order }, now);
    };
    match (reservation.status, reservation.expires_at) {
        (Status::Held, Some(expires_at)) if now < expires_at => {
            reservations::sell(tx, order)?;
            reservations::set_status(tx, order, Status::Sold, now)?;
            timers::sqlite::clear(tx, RESERVATION_TIMER, order.0)?;
            enqueue(tx, &StockCommitted { order_id: order }, now)
        }
        // Its timer is due, and has not fired yet: this says what the timer would.
        (Status::Held, _) => end(tx, order, now),
        (Status::Sold, _) => enqueue(tx, &StockCommitted { order_id: order }, now),
        (Status::Released | Status::Refused | Status::Expired, _) => {
            enqueue(tx, &StockExpired { order_id: order }, now)
        }
    }
}

pub(super) fn release(
    tx: &Transaction<'_>,
    received: Received,
    order: OrderId,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !is_new(tx, received, now)? {
        return Ok(());
    }
    match reservations::find(tx, order)?.map(|reservation| reservation.status) {
        // The order is still on its way here: this is what it will find.
        None => {
            reservations::insert(tx, order, &Reservation { status: Status::Released, expires_at: None }, now)
        }
        Some(Status::Held) => {
            reservations::give_back_held(tx, order)?;
            reservations::set_status(tx, order, Status::Released, now)?;
            timers::sqlite::clear(tx, RESERVATION_TIMER, order.0)
        }
        Some(Status::Sold) => {
            reservations::give_back_sold(tx, order)?;
            reservations::set_status(tx, order, Status::Released, now)
        }
        Some(Status::Released | Status::Refused | Status::Expired) => Ok(()),
    }
}

pub(super) fn expire(tx: &Transaction<'_>, timer: &Timer, now: Timestamp) -> Result<(), StoreError> {
    if !timers::sqlite::stands(tx, timer)? {
        return Ok(());
    }
    let order = OrderId(timer.subject);
    match reservations::find(tx, order)?.map(|reservation| reservation.status) {
        Some(Status::Held) => end(tx, order, now),
        _ => timers::sqlite::clear(tx, RESERVATION_TIMER, order.0),
    }
}

/// Ends a held reservation whose time is over.
fn end(tx: &Transaction<'_>, order: OrderId, now: Timestamp) -> Result<(), StoreError> {
    reservations::give_back_held(tx, order)?;
    reservations::set_status(tx, order, Status::Expired, now)?;
    timers::sqlite::clear(tx, RESERVATION_TIMER, order.0)?;
    enqueue(tx, &StockExpired { order_id: order }, now)
}
