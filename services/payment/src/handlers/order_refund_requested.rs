//! Staff gave the money for an order back.

use std::sync::Arc;

use contracts::events::OrderRefundRequested;
use platform::inbox::{HandlerError, Received};

use crate::{Payments, commands::settle_soon};

pub(super) async fn handle(
    payments: Arc<Payments>,
    event: OrderRefundRequested,
    received: Received,
) -> Result<(), HandlerError> {
    let payment =
        payments.store.request_refund(received, event.order_id, event.total, payments.moment()).await?;
    settle_soon(&payments, payment).await;
    Ok(())
}
