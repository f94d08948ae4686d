//! Forgetting a customer.

use contracts::{CustomerId, OrderId, Timestamp, events::CustomerDeleted};
use platform::{
    auth::{self, Revocation, Revoked},
    inbox::{self, Received},
    store::{StoreError, sqlite::Transaction},
};

use super::{advance, carts, orders, wishlists};
use crate::{
    checkout::{self, Input},
    domain::CartOwner,
};

pub(super) fn forget(
    transaction: &Transaction<'_>,
    received: Received,
    deleted: &CustomerDeleted,
    now: Timestamp,
) -> Result<Vec<OrderId>, StoreError> {
    if !inbox::sqlite::is_new(transaction, received, now)? {
        return Ok(Vec::new());
    }
    let customer_id = deleted.customer_id;
    let (revoked, until) = (Revoked::Customer(customer_id), deleted.tokens_expire_at);
    auth::sqlite::record(transaction, Revocation { revoked, at: now, until })?;
    carts::clear(transaction, CartOwner::Customer(customer_id), now)?;
    wishlists::clear(transaction, customer_id)?;
    let cancelled = cancel_open_orders(transaction, customer_id, now)?;
    transaction.execute(
        "UPDATE orders SET customer_id = NULL, payment_token = '',
            address = iif(status IN ('confirmed', 'shipped'), address, NULL)
         WHERE customer_id = ?1",
        [customer_id.0],
    )?;
    Ok(cancelled)
}

fn cancel_open_orders(
    transaction: &Transaction<'_>,
    customer_id: CustomerId,
    now: Timestamp,
) -> Result<Vec<OrderId>, StoreError> {
    let open: Vec<OrderId> = transaction
        .prepare_cached(
            "SELECT id FROM orders WHERE customer_id = ?1 AND status IN ('pending', 'reserved', 'authorised')",
        )?
        .query_map([customer_id.0], |row| row.get(0).map(OrderId))?
        .collect::<Result<_, _>>()?;
    for order_id in &open {
        let order =
            orders::find(transaction, *order_id)?.ok_or_else(|| StoreError::corrupt("an order vanished"))?;
        if let Ok(step) = checkout::advance(&order, &Input::CustomerDeleted) {
            advance::apply(transaction, &order, &step, now)?;
        }
    }
    Ok(open)
}
