//! An order stands: the money that is held for it is to become ours.

use std::sync::Arc;

use contracts::events::OrderConfirmed;
use platform::inbox::{HandlerError, Received};

use crate::{Payments, commands::settle_soon};

pub(super) async fn handle(
    payments: Arc<Payments>,
    event: OrderConfirmed,
    received: Received,
) -> Result<(), HandlerError> {
    let payment = payments.store.confirm(received, event.order_id, event.total, payments.moment()).await?;
    settle_soon(&payments, payment).await;
    Ok(())
}
