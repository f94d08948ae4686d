//! The books, added up again.

use contracts::OrderId;
use platform::store::{StoreError, postgres::Database};

use crate::store::{LiveReservation, LiveStatus, StockAudit};

/// One statement, so that all numbers are of one moment.
pub(super) async fn stock(database: &Database) -> Result<StockAudit, StoreError> {
    let rows = database
        .query(
            "WITH moved AS (
                    SELECT product_id, sum(quantity) AS quantity FROM stock_movements GROUP BY product_id),
                  tied AS (
                    SELECT product_id,
                           sum(quantity) FILTER (WHERE status = 'sold') AS sold,
                           sum(quantity) FILTER (WHERE status = 'held') AS held
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
            &[],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(StockAudit::default()) };
    let count = |at: usize| row.try_get::<_, i64>(at).map(i64::unsigned_abs);
    Ok(StockAudit {
        products: count(0)?,
        received_differs: count(1)?,
        sold_differs: count(2)?,
        reserved_differs: count(3)?,
        below_zero: count(4)?,
    })
}

pub(super) const LIVE_RESERVATIONS: &str =
    "SELECT order_id, status = 'sold' FROM reservations WHERE status IN ('held', 'sold') ORDER BY order_id";

pub(super) async fn live_reservations(database: &Database) -> Result<Vec<LiveReservation>, StoreError> {
    let rows = database.query(LIVE_RESERVATIONS, &[]).await?;
    rows.iter()
        .map(|row| {
            let status = if row.try_get(1)? { LiveStatus::Sold } else { LiveStatus::Held };
            Ok(LiveReservation { order_id: OrderId(row.try_get(0)?), status })
        })
        .collect()
}
