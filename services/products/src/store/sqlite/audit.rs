//! The books, added up again.

use contracts::OrderId;
use platform::store::StoreError;
use rusqlite::{Connection, Row};

use crate::store::{LiveReservation, LiveStatus, StockAudit};

/// One statement, so that all numbers are of one moment.
pub(super) fn stock(connection: &Connection) -> Result<StockAudit, StoreError> {
    let mut query = connection.prepare_cached(
        "WITH moved AS (SELECT product_id, sum(quantity) AS quantity FROM stock_movements GROUP BY product_id),
              tied AS (
                SELECT product_id,
                       sum(CASE WHEN status = 'sold' THEN quantity ELSE 0 END) AS sold,
                       sum(CASE WHEN status = 'held' THEN quantity ELSE 0 END) AS held
                FROM reservations JOIN reservation_lines USING (order_id)
                WHERE status IN ('held', 'sold') GROUP BY product_id)
         SELECT count(*),
                count(*) FILTER (WHERE received <> coalesce(moved.quantity, 0)),
                count(*) FILTER (WHERE products.sold <> coalesce(tied.sold, 0)),
                count(*) FILTER (WHERE products.reserved <> coalesce(tied.held, 0)),
                count(*) FILTER (WHERE products.sold < 0 OR reserved < 0 OR received - products.sold < 0
                                    OR received - products.sold - reserved < 0)
         FROM products
         LEFT JOIN moved ON moved.product_id = products.id
         LEFT JOIN tied ON tied.product_id = products.id",
    )?;
    let count = |row: &Row<'_>, at| row.get::<_, i64>(at).map(i64::unsigned_abs);
    Ok(query.query_row([], |row| {
        Ok(StockAudit {
            products: count(row, 0)?,
            received_differs: count(row, 1)?,
            sold_differs: count(row, 2)?,
            reserved_differs: count(row, 3)?,
            below_zero: count(row, 4)?,
        })
    })?)
}

pub(super) fn live_reservations(connection: &Connection) -> Result<Vec<LiveReservation>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT order_id, status = 'sold' FROM reservations WHERE status IN ('held', 'sold') ORDER BY order_id",
    )?;
    let live = query.query_map([], |row| {
        let status = if row.get(1)? { LiveStatus::Sold } else { LiveStatus::Held };
        Ok(LiveReservation { order_id: OrderId(row.get(0)?), status })
    })?;
    Ok(live.collect::<Result<_, _>>()?)
}
