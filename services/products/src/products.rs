//! The service as its commands, queries and handlers see it.

use std::{sync::Arc, time::Duration};

use contracts::{CustomerId, Timestamp};
use platform::{Clock, idempotency::Idempotency};
use serde::Serialize;

use crate::store::{ByStaff, Store};

/// How the service behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long stock is held for an order that is not paid yet.
    pub reservation_ttl: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { reservation_ttl: Duration::from_secs(15 * 60) }
    }
}

/// The products service.
pub struct Products {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    settings: Settings,
}

impl Products {
    /// A service that keeps its data in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Clock, settings: Settings) -> Self {
        Self { store, clock, settings }
    }

    /// When what is reserved at `now` lapses.
    pub(crate) fn reserved_until(&self, now: Timestamp) -> Timestamp {
        now + self.settings.reservation_ttl
    }

    /// What `actor` does now: `command` with the arguments `request`, under `key` if there is one.
    pub(crate) fn by_staff(
        &self,
        actor: CustomerId,
        key: Option<&str>,
        command: &str,
        request: &impl Serialize,
    ) -> ByStaff {
        let idempotency = key.map(|key| Idempotency::new(&actor.to_string(), key, command, request));
        ByStaff { actor, at: self.clock.now(), idempotency }
    }
}
