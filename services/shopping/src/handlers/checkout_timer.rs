//! The answer to a step of a checkout is overdue.

use std::sync::Arc;

use async_trait::async_trait;
use contracts::OrderId;
use platform::{
    inbox::HandlerError,
    timers::{Timer, TimerHandler},
};

use crate::{app::Shopping, checkout::Input, store::Cause};

/// Looks after checkouts whose answers are overdue.
pub struct CheckoutTimer(pub Arc<Shopping>);

#[async_trait]
impl TimerHandler for CheckoutTimer {
    async fn fire(&self, timer: Timer) -> Result<(), HandlerError> {
        let (order_id, attempt) = (OrderId(timer.subject), timer.attempt);
        let now = self.0.clock.now();
        let (_, step) =
            self.0.store.advance(order_id, Cause::Timer(timer), Input::TimedOut(attempt), now).await?;
        self.0.progress.moved(order_id, step);
        Ok(())
    }
}
