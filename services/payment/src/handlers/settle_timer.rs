//! The provider has not said yes to something in time: it is asked again, at growing intervals, without end.

use std::sync::Arc;

use async_trait::async_trait;
use contracts::OrderId;
use platform::{
    inbox::HandlerError,
    timers::{Timer, TimerHandler},
};

use crate::{Payments, commands::settle, domain::rest_before};

/// Handles the timers of this service.
pub struct SettleTimer(pub Arc<Payments>);

#[async_trait]
impl TimerHandler for SettleTimer {
    async fn fire(&self, timer: Timer) -> Result<(), HandlerError> {
        let store = &self.0.store;
        let Some(payment) = store.payment(OrderId(timer.subject)).await? else {
            return Ok(store.reschedule(timer, None).await?);
        };
        let (order, status) = (payment.order_id, payment.status);
        match settle(&self.0, payment).await {
            // Where something was owed, it has been settled, and that cleared the timer already.
            Ok(()) => store.reschedule(timer, None).await?,
            Err(error) => {
                let rest = rest_before(timer.attempt);
                tracing::warn!(%order, %status, attempt = timer.attempt, ?rest, %error, "the provider owes us a yes");
                store.reschedule(timer, Some(self.0.clock.now() + rest)).await?;
            }
        }
        Ok(())
    }
}
