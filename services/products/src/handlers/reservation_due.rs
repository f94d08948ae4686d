//! The time of a reservation is over: what it holds goes back.

use std::sync::Arc;

use async_trait::async_trait;
use platform::{
    inbox::HandlerError,
    timers::{Timer, TimerHandler},
};

use crate::{Products, store::RESERVATION_TIMER};

pub(super) struct ReservationDue(pub(super) Arc<Products>);

#[async_trait]
impl TimerHandler for ReservationDue {
    async fn fire(&self, timer: Timer) -> Result<(), HandlerError> {
        if timer.kind != RESERVATION_TIMER {
            return Err(HandlerError::Malformed(format!(
                "no timer of this service is called '{}'",
                timer.kind
            )));
        }
        Ok(self.0.store.expire_reservation(timer, self.0.clock.now()).await?)
    }
}
