//! Forgetting a customer.

use std::slice::from_ref;

use contracts::{CustomerId, OrderId, Timestamp, events::CustomerDeleted};
use futures::try_join;
use platform::{
    auth::{self, Revocation, Revoked},
    inbox::{self, Received},
    store::{StoreError, postgres::Transaction},
};

use super::{
    advance::{self, Taken},
    cart_lines, orders, wishlists,
};
use crate::{
    checkout::{self, Input},
    domain::{CartOwner, Order},
};

pub(super) async fn forget(
    transaction: &Transaction<'_>,
    received: Received,
    deleted: &CustomerDeleted,
    now: Timestamp,
) -> Result<Vec<OrderId>, StoreError> {
    let customer_id = deleted.customer_id;
    let owner = CartOwner::Customer(customer_id);
    // Whoever is placing an order for them has the lock until it is there, or finds them gone.
    let ((), new, open) = try_join!(
        cart_lines::lock(transaction, from_ref(&owner)),
        inbox::postgres::is_new(transaction, received, now),
        orders::lock_of(transaction, customer_id),
    )?;
    if !new {
        return Ok(Vec::new());
    }
    let revocation =
        Revocation { revoked: Revoked::Customer(customer_id), at: now, until: deleted.tokens_expire_at };
    let cancelled = |order: Order| {
        let step = checkout::advance(&order, &Input::CustomerDeleted).ok()?;
        Some(Taken { order, step, at: now })
    };
    let ids = open.iter().map(|order| order.id).collect();
    let steps: Vec<Taken> = open.into_iter().filter_map(cancelled).collect();
    steps.iter().for_each(|step| step.tell(transaction));
    try_join!(
        auth::postgres::record(transaction, revocation),
        cart_lines::empty(transaction, from_ref(&owner)),
        wishlists::clear(transaction, customer_id),
        advance::record(transaction, &steps),
    )?;
    disown(transaction, customer_id).await?;
    Ok(ids)
}

/// Forgets whose the orders of a customer were.
async fn disown(transaction: &Transaction<'_>, customer_id: CustomerId) -> Result<(), StoreError> {
    transaction
        .execute(
            "UPDATE orders SET customer_id = NULL, payment_token = '',
                address = CASE WHEN status IN ('confirmed', 'shipped') THEN address END
             WHERE customer_id = $1",
            &[&customer_id.0],
        )
        .await?;
    Ok(())
}
