//! The steps of a checkout that concern the stock. Each can come twice, late, or before the step that it undoes.
//!
//! ```text
//! (none) ──reserve──► held ──commit──► sold        reserve may also end in refused,
//!    │                  │ release        │ release   and a held reservation in expired
//!    └──release──► released ◄────────────┘
//! ```
//!
//! Steps that come together are taken together: one trip locks and reads what all of them are about, each is decided after the
//! one before, and another trip writes what all of them come to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use contracts::{
    OrderId, Timestamp,
    events::{Event, OrderLine, Shortage, StockCommitted, StockExpired, StockRefused, StockReserved},
};
use futures::try_join;
use platform::{
    chaos::{Safeguard, does_without},
    inbox::{Received, postgres::are_new},
    outbox::postgres::enqueue,
    store::{
        StoreError,
        postgres::{Asked, Database, Transaction},
    },
    timers::{
        Timer,
        postgres::{clear, set, stands},
    },
};
use uuid::Uuid;

use super::reservations::{self, Changes, Lines, Reservation, Status};
use crate::{domain::Demand, store::RESERVATION_TIMER};

/// A message that concerns an order's stock.
pub(super) struct Step {
    pub received: Received,
    pub order: OrderId,
    pub wish: Wish,
    pub now: Timestamp,
}

/// What is to become of the stock.
pub(super) enum Wish {
    Reserve { demand: Demand, expires_at: Timestamp },
    Commit,
    Release,
}

impl Step {
    /// What an order that was not heard of before is entered as; nothing, if it must be known.
    const fn entered(&self) -> Option<Reservation> {
        match self.wish {
            Wish::Reserve { expires_at, .. } => {
                Some(Reservation { status: Status::Held, expires_at: Some(expires_at) })
            }
            // If the order is still on its way here, this is what it will find.
            Wish::Release => Some(Reservation { status: Status::Released, expires_at: None }),
            Wish::Commit => None,
        }
    }

    fn demand(&self) -> &[OrderLine] {
        if let Wish::Reserve { demand, .. } = &self.wish { demand.lines() } else { &[] }
    }
}

/// Takes the steps that are asked for, each for another order.
pub(super) async fn take(tx: &Transaction<'_>, steps: &[Asked<Step>]) -> Result<Vec<()>, StoreError> {
    let Some(now) = steps.iter().map(|step| step.now).max() else { return Ok(Vec::new()) };
    let received: Vec<Received> = steps.iter().map(|step| step.received).collect();
    let entered: BTreeMap<Uuid, Reservation> =
        steps.iter().filter_map(|step| Some((step.order.0, step.entered()?))).collect();
    let wanted: BTreeSet<Uuid> =
        steps.iter().flat_map(|step| step.demand()).map(|line| line.product_id.0).collect();
    let known = steps.iter().filter(|step| !matches!(step.wish, Wish::Reserve { .. }));
    let known: Vec<Uuid> = known.map(|step| step.order.0).collect();
    // Whoever sells one and releases another locks them in the same order as who does it the other way round.
    let releases = steps.iter().any(|step| matches!(step.wish, Wish::Release));
    let mixed = if releases && known.len() > 1 { &known[..] } else { &[] };
    let (new, _, first, found, stock, lines) = try_join!(
        are_new(tx, &received, now),
        reservations::find(tx, mixed),
        reservations::insert(tx, &entered, now),
        reservations::find(tx, &known),
        reservations::stock(tx, &wanted, &known),
        reservations::lines(tx, &known),
    )?;
    let mut desk = Desk { tx, first, found, stock, lines, changes: Changes::default() };
    for step in steps.iter().filter(|step| new.contains(&step.received.message_id)) {
        step.scope(desk.decide(step)).await?;
    }
    tx.end_with(desk.changes.write(tx, now)).await?;
    Ok(vec![(); steps.len()])
}

/// Where the steps of a transaction are decided.
struct Desk<'t, 'c> {
    tx: &'t Transaction<'c>,
    /// Orders that were not heard of before.
    first: HashSet<OrderId>,
    found: HashMap<OrderId, Reservation>,
    /// What is available of the products that are for sale.
    stock: HashMap<Uuid, i64>,
    lines: Lines,
    changes: Changes,
}

impl Desk<'_, '_> {
    async fn decide(&mut self, step: &Step) -> Result<(), StoreError> {
        let (order, now) = (step.order, step.now);
        match &step.wish {
            Wish::Reserve { demand, expires_at } if self.first.contains(&order) => {
                self.reserve(order, demand, *expires_at, now);
            }
            Wish::Reserve { .. } => answer_again(self.tx, order, now).await?,
            Wish::Commit => self.commit(order, now),
            Wish::Release => self.release(order),
        }
        Ok(())
    }

    /// Reserves for an order that is new, or refuses it if anything is lacking.
    fn reserve(&mut self, order_id: OrderId, demand: &Demand, expires_at: Timestamp, now: Timestamp) {
        let shortages = self.lacking(demand);
        if !shortages.is_empty() {
            self.changes.refuse(order_id, &shortages);
            return self.tell(&StockRefused { order_id, shortages }, now);
        }
        for line in demand.lines() {
            if let Some(available) = self.stock.get_mut(&line.product_id.0) {
                *available -= i64::from(line.quantity);
            }
        }
        self.changes.take(order_id, demand);
        let timer =
            Timer { kind: RESERVATION_TIMER.to_owned(), subject: order_id.0, attempt: 1, due_at: expires_at };
        set(self.tx, timer);
        self.tell(&StockReserved { order_id, expires_at }, now);
    }

    /// How far `demand` cannot be met, line by line. A product that is archived or was never there has nothing available.
    fn lacking(&self, demand: &Demand) -> Vec<Shortage> {
        let shortage = |line: &OrderLine| {
            let available = self.stock.get(&line.product_id.0).copied().unwrap_or(0);
            let available = u32::try_from(available.max(0)).unwrap_or(u32::MAX);
            let OrderLine { product_id, quantity: requested } = *line;
            (available < requested).then_some(Shortage { product_id, requested, available })
        };
        if does_without(Safeguard::Stock) {
            return Vec::new();
        }
        demand.lines().iter().filter_map(shortage).collect()
    }

    fn commit(&mut self, order_id: OrderId, now: Timestamp) {
        match self.found.get(&order_id).map(|found| (found.status, found.expires_at)) {
            Some((Status::Held, Some(expires_at))) if now < expires_at => {
                self.turn(order_id, Status::Held, Status::Sold);
                clear(self.tx, RESERVATION_TIMER, order_id.0);
                self.tell(&StockCommitted { order_id }, now);
            }
            // Its timer is due, and has not fired yet: this says what the timer would.
            Some((Status::Held, _)) => self.expire(order_id, now),
            Some((Status::Sold, _)) => self.tell(&StockCommitted { order_id }, now),
            _ => self.tell(&StockExpired { order_id }, now),
        }
    }

    fn release(&mut self, order: OrderId) {
        if self.first.contains(&order) {
            return;
        }
        match self.found.get(&order).map(|found| found.status) {
            Some(Status::Held) => {
                self.turn(order, Status::Held, Status::Released);
                clear(self.tx, RESERVATION_TIMER, order.0);
            }
            Some(Status::Sold) => self.turn(order, Status::Sold, Status::Released),
            None | Some(Status::Released | Status::Refused | Status::Expired) => {}
        }
    }

    /// Ends a held reservation whose time is over.
    fn expire(&mut self, order_id: OrderId, now: Timestamp) {
        self.turn(order_id, Status::Held, Status::Expired);
        clear(self.tx, RESERVATION_TIMER, order_id.0);
        self.tell(&StockExpired { order_id }, now);
    }

    /// What is given back here is for those who come next: another step of this transaction may have been refused already.
    fn turn(&mut self, order: OrderId, from: Status, to: Status) {
        let lines = self.lines.get(&order).map_or(&[][..], Vec::as_slice);
        self.changes.turn(order, lines, from, to);
    }

    fn tell(&self, event: &impl Event, now: Timestamp) {
        enqueue(self.tx, event, now);
    }
}

/// Says what was said when the order was first heard of. One that was undone since, or before, gets nothing.
async fn answer_again(tx: &Transaction<'_>, order_id: OrderId, now: Timestamp) -> Result<(), StoreError> {
    let orders = [order_id.0];
    let (found, shortages) =
        try_join!(reservations::find(tx, &orders), reservations::shortages(tx, order_id))?;
    match found.get(&order_id).map(|found| (found.status, found.expires_at)) {
        Some((Status::Held | Status::Sold, Some(expires_at))) => {
            enqueue(tx, &StockReserved { order_id, expires_at }, now);
        }
        _ => enqueue(tx, &StockRefused { order_id, shortages }, now),
    }
    Ok(())
}

/// Ends a held reservation whose timer is due, if it still stands.
pub(super) async fn expire(database: &Database, timer: &Timer, now: Timestamp) -> Result<(), StoreError> {
    let order = OrderId(timer.subject);
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    // The reservation is locked before its products, and they before its timer, as everywhere.
    let (wanted, orders) = (BTreeSet::new(), [order.0]);
    let (found, stock, lines, stands) = try_join!(
        reservations::find(&tx, &orders),
        reservations::stock(&tx, &wanted, &orders),
        reservations::lines(&tx, &orders),
        stands(&tx, timer),
    )?;
    if !stands {
        return Ok(());
    }
    let held = found.get(&order).is_some_and(|found| found.status == Status::Held);
    let (first, changes) = (HashSet::new(), Changes::default());
    let mut desk = Desk { tx: &tx, first, found, stock, lines, changes };
    if held {
        desk.expire(order, now);
    } else {
        clear(&tx, RESERVATION_TIMER, order.0);
    }
    tx.end_with(desk.changes.write(&tx, now)).await
}
