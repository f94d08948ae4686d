//! The one place that chooses a broker.

use std::sync::Arc;

use thiserror::Error;

use super::{Broker, MemoryBroker, RabbitMqBroker};
use crate::{Clock, endpoint::Endpoint};

/// No broker for such a URL. A URL may have a password in it, so none of these repeats it.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Its scheme is not known.
    #[error(
        "no broker can be reached by '{0}:': use memory: (in this process) or \
         amqp://user:password@host (RabbitMQ; amqps: with TLS)"
    )]
    UnknownScheme(String),
    /// It is malformed.
    #[error("the broker's URL cannot be used: {0}")]
    Malformed(String),
}

/// The broker that `url` names. It need not run yet. Has to be called within a Tokio runtime.
///
/// # Errors
/// [`ConnectError`] if its scheme is not known, or the rest of it is malformed.
pub fn connect(url: &str, clock: &Clock) -> Result<Arc<dyn Broker>, ConnectError> {
    let broker: Arc<dyn Broker> = match url.split(':').next().unwrap_or_default() {
        "memory" => Arc::new(MemoryBroker::new(clock.clone())),
        "amqp" | "amqps" => {
            Arc::new(RabbitMqBroker::connect(url, clock.clone()).map_err(ConnectError::Malformed)?)
        }
        scheme => return Err(ConnectError::UnknownScheme(scheme.to_owned())),
    };
    #[cfg(feature = "chaos")]
    let broker = crate::chaos::in_disorder(broker);
    Ok(broker)
}

/// Where `url` leads, and as whom; `None` if it does not leave this process.
///
/// # Errors
/// [`ConnectError`], as [`connect`].
pub fn endpoint(url: &str) -> Result<Option<Endpoint>, ConnectError> {
    match url.split(':').next().unwrap_or_default() {
        "memory" => Ok(None),
        "amqp" | "amqps" => RabbitMqBroker::endpoint(url).map(Some).map_err(ConnectError::Malformed),
        scheme => Err(ConnectError::UnknownScheme(scheme.to_owned())),
    }
}
