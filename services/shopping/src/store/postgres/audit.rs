//! What an audit wants to know of the orders as a whole.

use platform::store::{StoreError, postgres::Database};

use crate::store::OrderAudit;

pub(super) async fn audit_orders(database: &Database) -> Result<OrderAudit, StoreError> {
    // Of the answers kept with keys, only those of placed orders are text: the order's id. An order may be given up more than
    // once, if staff ask again; it takes no step by that.
    let rows = database
        .query(
            "WITH placed AS MATERIALIZED
                (SELECT answer #>> '{}' AS order_id FROM idempotency WHERE jsonb_typeof(answer) = 'string')
             SELECT (SELECT count(*) FROM placed) AS keys,
                (SELECT count(*) FROM placed
                 WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.id::text = placed.order_id)) AS without_order,
                (SELECT count(*) FROM
                    (SELECT 1 FROM placed GROUP BY order_id HAVING count(*) > 1) AS twice) AS with_two_keys,
                (SELECT count(*) FROM
                    (SELECT 1 FROM order_timeline WHERE note NOT LIKE '%; somebody has to look at it.'
                     GROUP BY order_id, note HAVING count(*) > 1) AS twice) AS repeated",
            &[],
        )
        .await?;
    let row = rows.first().ok_or_else(|| StoreError::corrupt("nothing was counted"))?;
    let count = |column: &str| row.try_get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(OrderAudit {
        keys: count("keys")?,
        keys_without_order: count("without_order")?,
        orders_with_two_keys: count("with_two_keys")?,
        repeated_steps: count("repeated")?,
    })
}
