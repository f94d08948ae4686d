//! The payment of an order was declined: what it holds goes back.

use std::sync::Arc;

use contracts::events::OrderDeclined;
use platform::inbox::{HandlerError, Received};

use crate::Products;

pub(super) async fn handle(
    products: Arc<Products>,
    event: OrderDeclined,
    received: Received,
) -> Result<(), HandlerError> {
    Ok(products.store.release_stock(received, event.order_id, products.clock.now()).await?)
}
