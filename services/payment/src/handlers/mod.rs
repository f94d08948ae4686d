//! What this service does with the messages that it receives, and when a timer is due.

mod order_cancelled;
mod order_confirmed;
mod order_refund_requested;
mod order_reserved;
mod settle_timer;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod interleavings;

use std::sync::Arc;

use contracts::events::Event;
use platform::inbox::{EventRouter, HandlerError, Received};

use crate::{Payments, domain::Refusal, provider::ProviderError, store::RequestError};

pub use settle_timer::SettleTimer;

/// `router` with the handlers of this service.
#[must_use]
pub fn on(router: EventRouter, payments: &Arc<Payments>) -> EventRouter {
    let router = with(router, payments, order_reserved::handle);
    let router = with(router, payments, order_cancelled::handle);
    let router = with(router, payments, order_confirmed::handle);
    with(router, payments, order_refund_requested::handle)
}

fn with<E, F, H>(router: EventRouter, payments: &Arc<Payments>, handle: F) -> EventRouter
where
    E: Event,
    F: Fn(Arc<Payments>, E, Received) -> H + Send + Sync + 'static,
    H: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    let payments = Arc::clone(payments);
    router.on(move |event, received| handle(Arc::clone(&payments), event, received))
}

impl From<RequestError> for HandlerError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Store(error) => error.into(),
            // The timer sees to the capture; this message waits for it.
            RequestError::Refused(refusal @ Refusal::BeingCaptured) => Self::Unavailable(refusal.to_string()),
            RequestError::Refused(refusal) => Self::Failed(refusal.to_string()),
        }
    }
}

impl From<ProviderError> for HandlerError {
    fn from(error: ProviderError) -> Self {
        match error {
            // An outage is not the message's fault, and no reason to bury it.
            ProviderError::Unavailable(reason) => Self::Unavailable(reason),
            ProviderError::Unknown(_) | ProviderError::Refused(_) => Self::Failed(error.to_string()),
        }
    }
}
