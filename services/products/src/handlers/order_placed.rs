//! An order was placed: its stock is reserved, or refused.

use std::sync::Arc;

use contracts::events::OrderPlaced;
use platform::inbox::{HandlerError, Received};

use crate::{Products, domain::Demand};

pub(super) async fn handle(
    products: Arc<Products>,
    event: OrderPlaced,
    received: Received,
) -> Result<(), HandlerError> {
    let demand = Demand::of(&event.lines).map_err(|error| HandlerError::Malformed(error.to_string()))?;
    let now = products.clock.now();
    let expires_at = products.reserved_until(now);
    Ok(products.store.reserve_stock(received, event.order_id, demand, now, expires_at).await?)
}
