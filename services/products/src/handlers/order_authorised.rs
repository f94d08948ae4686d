//! The payment of an order is authorised: what it holds is sold, or has expired.

use std::sync::Arc;

use contracts::events::OrderAuthorised;
use platform::inbox::{HandlerError, Received};

use crate::Products;

pub(super) async fn handle(
    products: Arc<Products>,
    event: OrderAuthorised,
    received: Received,
) -> Result<(), HandlerError> {
    Ok(products.store.commit_stock(received, event.order_id, products.clock.now()).await?)
}
