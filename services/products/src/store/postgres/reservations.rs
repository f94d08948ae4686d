//! Reservations as rows, and what they do to the products.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::SystemTime,
};

use contracts::{OrderId, ProductId, Timestamp, events::Shortage};
use futures::try_join;
use platform::store::{
    StoreError,
    postgres::{Transaction, moment, parse},
};
use tokio_postgres::Row;
use uuid::Uuid;

use super::rows::optional_timestamp;
use crate::domain::Demand;

/// What became of an order's stock. The words are those of the table's CHECK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Held,
    Sold,
    Released,
    Refused,
    Expired,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Sold => "sold",
            Self::Released => "released",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no reservation has the status '{0}'")]
pub(super) struct UnknownStatus(String);

impl std::str::FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(word: &str) -> Result<Self, UnknownStatus> {
        [Self::Held, Self::Sold, Self::Released, Self::Refused, Self::Expired]
            .into_iter()
            .find(|status| status.word() == word)
            .ok_or_else(|| UnknownStatus(word.to_owned()))
    }
}

/// What is known of an order.
#[derive(Clone, Copy)]
pub(super) struct Reservation {
    pub status: Status,
    /// There for all that were ever held.
    pub expires_at: Option<Timestamp>,
}

pub(super) const FIND: &str = "SELECT order_id, status, expires_at FROM reservations
     WHERE order_id = ANY($1) ORDER BY order_id FOR NO KEY UPDATE";

/// Finds and locks what is known of `orders`.
pub(super) async fn find(
    tx: &Transaction<'_>,
    orders: &[Uuid],
) -> Result<HashMap<OrderId, Reservation>, StoreError> {
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tx.query(FIND, &[&orders]).await?;
    let known = rows.iter().map(|row| {
        let (status, expires_at) = (parse(row, "status")?, optional_timestamp(row, "expires_at")?);
        Ok((OrderId(row.try_get("order_id")?), Reservation { status, expires_at }))
    });
    known.collect()
}

/// Enters orders that were not heard of before, and locks them in either case.
///
/// # Returns
/// Those that were not. An order that another transaction is entering is waited for.
pub(super) async fn insert(
    tx: &Transaction<'_>,
    orders: &BTreeMap<Uuid, Reservation>,
    now: Timestamp,
) -> Result<HashSet<OrderId>, StoreError> {
    if orders.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<Uuid> = orders.keys().copied().collect();
    let statuses: Vec<&str> = orders.values().map(|reservation| reservation.status.word()).collect();
    let ends: Vec<Option<SystemTime>> =
        orders.values().map(|reservation| reservation.expires_at.map(moment)).collect();
    let rows = tx
        .query(
            "INSERT INTO reservations (order_id, status, expires_at, created_at, updated_at)
             SELECT order_id, status, expires_at, $4, $4
             FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS entered (order_id, status, expires_at)
             ON CONFLICT (order_id) DO UPDATE SET status = reservations.status WHERE false
             RETURNING order_id",
            &[&ids, &statuses, &ends, &moment(now)],
        )
        .await?;
    rows.iter().map(|row| Ok(OrderId(row.try_get(0)?))).collect()
}

pub(super) const STOCK: &str =
    "SELECT id, CASE WHEN archived_at IS NULL THEN received - sold - reserved END AS available
     FROM products WHERE id IN
        (SELECT unnest($1::uuid[]) UNION SELECT product_id FROM reservation_lines WHERE order_id = ANY($2))
     ORDER BY id FOR NO KEY UPDATE";

/// Locks `products` and those of the lines of `orders`, all in the order of their ids, and looks how many are available of
/// those that are for sale.
pub(super) async fn stock(
    tx: &Transaction<'_>,
    products: &BTreeSet<Uuid>,
    orders: &[Uuid],
) -> Result<HashMap<Uuid, i64>, StoreError> {
    let products: Vec<Uuid> = products.iter().copied().collect();
    let rows = tx.query(STOCK, &[&products, &orders]).await?;
    let mut stock = HashMap::with_capacity(rows.len());
    for row in &rows {
        if let Some(available) = row.try_get(1)? {
            stock.insert(row.try_get(0)?, available);
        }
    }
    Ok(stock)
}

pub(super) const LINES: &str =
    "SELECT order_id, product_id, quantity FROM reservation_lines WHERE order_id = ANY($1)";

/// What `orders`, which are locked, have reserved or were sold.
pub(super) async fn lines(tx: &Transaction<'_>, orders: &[Uuid]) -> Result<Lines, StoreError> {
    let mut lines = Lines::new();
    if !orders.is_empty() {
        for row in tx.query(LINES, &[&orders]).await? {
            let line = (row.try_get("product_id")?, row.try_get("quantity")?);
            lines.entry(OrderId(row.try_get("order_id")?)).or_default().push(line);
        }
    }
    Ok(lines)
}

/// How many pieces of which products, by order.
pub(super) type Lines = HashMap<OrderId, Vec<(Uuid, i64)>>;

/// What is to be written for several orders.
#[derive(Default)]
pub(super) struct Changes {
    /// What is added to what is reserved and to what is sold of each product.
    moved: BTreeMap<Uuid, (i64, i64)>,
    statuses: BTreeMap<Uuid, Status>,
    lines: Vec<(Uuid, Uuid, i64)>,
    shortages: Vec<(Uuid, Shortage)>,
}

impl Changes {
    /// Reserves `demand` for an order that was entered as held.
    pub fn take(&mut self, order: OrderId, demand: &Demand) {
        for line in demand.lines() {
            let quantity = i64::from(line.quantity);
            self.move_pieces(line.product_id.0, quantity, 0);
            self.lines.push((order.0, line.product_id.0, quantity));
        }
    }

    /// Refuses an order that was entered as held.
    pub fn refuse(&mut self, order: OrderId, shortages: &[Shortage]) {
        self.statuses.insert(order.0, Status::Refused);
        self.shortages.extend(shortages.iter().map(|shortage| (order.0, *shortage)));
    }

    /// Brings an order that holds `lines`, or was sold them, from one status into another.
    pub fn turn(&mut self, order: OrderId, lines: &[(Uuid, i64)], from: Status, to: Status) {
        self.statuses.insert(order.0, to);
        for (product, quantity) in lines {
            let of = |status: Status, which: Status| if status == which { *quantity } else { 0 };
            let reserved = of(to, Status::Held) - of(from, Status::Held);
            self.move_pieces(*product, reserved, of(to, Status::Sold) - of(from, Status::Sold));
        }
    }

    fn move_pieces(&mut self, product: Uuid, reserved: i64, sold: i64) {
        let moved = self.moved.entry(product).or_default();
        moved.0 += reserved;
        moved.1 += sold;
    }

    /// Writes all of it; the products are locked.
    pub async fn write(self, tx: &Transaction<'_>, now: Timestamp) -> Result<(), StoreError> {
        try_join!(self.write_stock(tx, now), self.write_shortages(tx))?;
        Ok(())
    }

    async fn write_stock(&self, tx: &Transaction<'_>, now: Timestamp) -> Result<(), StoreError> {
        if self.moved.is_empty() && self.statuses.is_empty() {
            return Ok(());
        }
        let products: Vec<Uuid> = self.moved.keys().copied().collect();
        let (reserved, sold): (Vec<i64>, Vec<i64>) = self.moved.values().copied().unzip();
        let orders: Vec<Uuid> = self.statuses.keys().copied().collect();
        let statuses: Vec<&str> = self.statuses.values().map(|status| status.word()).collect();
        let holders: Vec<Uuid> = self.lines.iter().map(|(order, ..)| *order).collect();
        let held: Vec<Uuid> = self.lines.iter().map(|(_, product, _)| *product).collect();
        let quantities: Vec<i64> = self.lines.iter().map(|(.., quantity)| *quantity).collect();
        tx.execute(
            WRITE,
            &[&products, &reserved, &sold, &orders, &statuses, &moment(now), &holders, &held, &quantities],
        )
        .await?;
        Ok(())
    }

    async fn write_shortages(&self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        if self.shortages.is_empty() {
            return Ok(());
        }
        let orders: Vec<Uuid> = self.shortages.iter().map(|(order, _)| *order).collect();
        let shortages = || self.shortages.iter().map(|(_, shortage)| shortage);
        let products: Vec<Uuid> = shortages().map(|shortage| shortage.product_id.0).collect();
        let requested: Vec<i64> = shortages().map(|shortage| shortage.requested.into()).collect();
        let available: Vec<i64> = shortages().map(|shortage| shortage.available.into()).collect();
        tx.execute(
            "INSERT INTO reservation_shortages (order_id, product_id, requested, available)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])",
            &[&orders, &products, &requested, &available],
        )
        .await?;
        Ok(())
    }
}

pub(super) const WRITE: &str = "WITH moved AS (
        UPDATE products SET reserved = products.reserved + delta.reserved, sold = products.sold + delta.sold
        FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS delta (id, reserved, sold)
        WHERE products.id = delta.id),
     turned AS (
        UPDATE reservations SET status = turn.status, updated_at = $6,
            expires_at = CASE WHEN turn.status <> 'refused' THEN expires_at END
        FROM unnest($4::uuid[], $5::text[]) AS turn (order_id, status)
        WHERE reservations.order_id = turn.order_id)
     INSERT INTO reservation_lines (order_id, product_id, quantity)
     SELECT * FROM unnest($7::uuid[], $8::uuid[], $9::bigint[])";

pub(super) async fn shortages(tx: &Transaction<'_>, order: OrderId) -> Result<Vec<Shortage>, StoreError> {
    let rows = tx
        .query(
            "SELECT product_id, requested, available FROM reservation_shortages
             WHERE order_id = $1 ORDER BY product_id",
            &[&order.0],
        )
        .await?;
    let pieces = |row: &Row, column: &str| -> Result<u32, StoreError> {
        Ok(u32::try_from(row.try_get::<_, i64>(column)?).unwrap_or(u32::MAX))
    };
    rows.iter()
        .map(|row| {
            Ok(Shortage {
                product_id: ProductId(row.try_get("product_id")?),
                requested: pieces(row, "requested")?,
                available: pieces(row, "available")?,
            })
        })
        .collect()
}
