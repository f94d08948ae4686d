//! An order was cancelled: what it holds or was sold goes back.

use std::sync::Arc;

use contracts::events::OrderCancelled;
use platform::inbox::{HandlerError, Received};

use crate::Products;

pub(super) async fn handle(
    products: Arc<Products>,
    event: OrderCancelled,
    received: Received,
) -> Result<(), HandlerError> {
    Ok(products.store.release_stock(received, event.order_id, products.clock.now()).await?)
}
