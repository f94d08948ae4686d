//! What an audit wants to know of the orders as a whole.

use platform::store::StoreError;
use rusqlite::Connection;

use crate::store::OrderAudit;

pub(super) fn audit_orders(connection: &Connection) -> Result<OrderAudit, StoreError> {
    let count = |sql: &str| -> Result<u64, StoreError> {
        let count: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    };
    // Of the answers kept with keys, only those of placed orders are text: the order's id. An order may be given up more than
    // once, if staff ask again; it takes no step by that.
    Ok(OrderAudit {
        keys: count("SELECT count(*) FROM idempotency WHERE json_type(answer) = 'text'")?,
        keys_without_order: count(
            "SELECT count(*) FROM idempotency WHERE json_type(answer) = 'text'
                AND unhex(replace(answer ->> '$', '-', '')) NOT IN (SELECT id FROM orders)",
        )?,
        orders_with_two_keys: count(
            "SELECT count(*) FROM (SELECT 1 FROM idempotency WHERE json_type(answer) = 'text'
                GROUP BY answer HAVING count(*) > 1)",
        )?,
        repeated_steps: count(
            "SELECT count(*) FROM (SELECT 1 FROM order_timeline WHERE note NOT LIKE '%; somebody has to look at it.'
                GROUP BY order_id, note HAVING count(*) > 1)",
        )?,
    })
}
