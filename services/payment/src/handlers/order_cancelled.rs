//! An order was cancelled: nothing may stay held for it, and nothing that was captured may stay ours.

use std::sync::Arc;

use contracts::events::OrderCancelled;
use platform::inbox::{HandlerError, Received};

use crate::{Payments, commands::settle_soon};

pub(super) async fn handle(
    payments: Arc<Payments>,
    event: OrderCancelled,
    received: Received,
) -> Result<(), HandlerError> {
    let payment = payments.store.cancel(received, event.order_id, payments.moment()).await?;
    settle_soon(&payments, payment).await;
    Ok(())
}
