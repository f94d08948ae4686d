//! The one place that chooses a broker.

use std::sync::Arc;

use thiserror::Error;

use super::{Broker, MemoryBroker};
use crate::Clock;

/// No broker for such a URL.
#[derive(Debug, Error)]
#[error("no broker can be reached by '{0}': use memory: (in this process)")]
pub struct ConnectError(String);

/// The broker that `url` names.
///
/// # Errors
/// [`ConnectError`] if its scheme is not known.
pub fn connect(url: &str, clock: &Clock) -> Result<Arc<dyn Broker>, ConnectError> {
    match url.split(':').next() {
        Some("memory") => Ok(Arc::new(MemoryBroker::new(clock.clone()))),
        _ => Err(ConnectError(url.to_owned())),
    }
}
