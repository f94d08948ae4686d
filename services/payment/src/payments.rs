//! What the commands, queries and handlers of this service work with.

use std::{sync::Arc, time::Duration};

use platform::Clock;

use crate::{
    provider::{Bounded, Provider},
    store::{Moment, Store},
};

/// How much longer than the provider's time limit the timer leaves to whoever wrote down that something is owed.
const HEAD_START: Duration = Duration::from_secs(1);

/// The payment service below its HTTP face.
pub struct Payments {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) provider: Bounded,
    pub(crate) clock: Clock,
    provider_timeout: Duration,
}

impl Payments {
    /// Keeps its books in `store`, and waits at most `provider_timeout` for each answer of `provider`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        provider: Arc<dyn Provider>,
        clock: Clock,
        provider_timeout: Duration,
    ) -> Self {
        Self { store, provider: Bounded::new(provider, provider_timeout), clock, provider_timeout }
    }

    pub(crate) fn moment(&self) -> Moment {
        let now = self.clock.now();
        Moment { now, retry_at: now + self.provider_timeout + HEAD_START }
    }
}
