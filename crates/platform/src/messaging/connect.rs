//! The one place that chooses a broker.

use std::sync::Arc;

use contracts::{Service, Timestamp};
use thiserror::Error;

#[cfg(feature = "kafka")]
use super::KafkaBroker;
use super::{Broker, MemoryBroker, RabbitMqBroker};
use crate::{Clock, endpoint::Endpoint};

/// No broker for such a URL. A URL may have a password in it, so none of these repeats it.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Its scheme is not known.
    #[error(
        "no broker can be reached by '{0}:': use memory: (in this process), \
         amqp://user:password@host (RabbitMQ; amqps: with TLS) or \
         kafka://user:password@host,host (Kafka; kafkas: with TLS)"
    )]
    UnknownScheme(String),
    /// This build lacks it.
    #[error("this program was built without Kafka: build it with the cargo feature `kafka` to use '{0}:'")]
    NotBuiltIn(String),
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
        #[cfg(feature = "kafka")]
        "kafka" | "kafkas" => {
            Arc::new(KafkaBroker::connect(url, clock.clone()).map_err(ConnectError::Malformed)?)
        }
        scheme => return Err(unknown(scheme)),
    };
    #[cfg(feature = "chaos")]
    let broker = crate::chaos::in_disorder(broker);
    Ok(broker)
}

/// Why events are not delivered again.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// There is no such broker.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The broker has none of them any more.
    #[error("{0} keeps no event that was handled, so that none can be delivered again: only Kafka does")]
    NotKept(&'static str),
    /// The broker refused, or cannot be reached.
    #[error("{0}")]
    Failed(String),
}

/// Has the broker that `url` names deliver to `consumer` again what was published at `since` or later. No instance of that
/// service may be running. Its inbox drops what it still knows to have applied.
///
/// # Returns
/// How many events are delivered again.
///
/// # Errors
/// [`ReplayError`].
#[cfg_attr(not(feature = "kafka"), expect(unused_variables, reason = "only Kafka replays"))]
pub async fn replay(url: &str, consumer: Service, since: Timestamp) -> Result<u64, ReplayError> {
    match url.split(':').next().unwrap_or_default() {
        "memory" => Err(ReplayError::NotKept("the broker within the process")),
        "amqp" | "amqps" => Err(ReplayError::NotKept("RabbitMQ")),
        #[cfg(feature = "kafka")]
        "kafka" | "kafkas" => KafkaBroker::replay(url, consumer, since).await.map_err(ReplayError::Failed),
        scheme => Err(unknown(scheme).into()),
    }
}

/// No broker of this scheme.
fn unknown(scheme: &str) -> ConnectError {
    match scheme {
        "kafka" | "kafkas" => ConnectError::NotBuiltIn(scheme.to_owned()),
        _ => ConnectError::UnknownScheme(scheme.to_owned()),
    }
}

/// Where `url` leads, and as whom; `None` if it does not leave this process.
///
/// # Errors
/// [`ConnectError`], as [`connect`].
pub fn endpoint(url: &str) -> Result<Option<Endpoint>, ConnectError> {
    match url.split(':').next().unwrap_or_default() {
        "memory" => Ok(None),
        "amqp" | "amqps" => RabbitMqBroker::endpoint(url).map(Some).map_err(ConnectError::Malformed),
        #[cfg(feature = "kafka")]
        "kafka" | "kafkas" => KafkaBroker::endpoint(url).map(Some).map_err(ConnectError::Malformed),
        scheme => Err(unknown(scheme)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_url_of_no_broker_is_told_what_there_is_and_not_repeated() {
        let error = connect("nats://u:secret@h", &Clock::system()).err().unwrap().to_string();
        assert!(
            error.contains("'nats:'") && error.contains("kafka://") && !error.contains("secret"),
            "{error}"
        );
    }

    #[cfg(not(feature = "kafka"))]
    #[tokio::test]
    async fn a_build_without_kafka_names_the_feature_that_it_lacks() {
        for url in ["kafka://u:secret@h", "kafkas://u:secret@h"] {
            let error = connect(url, &Clock::system()).err().unwrap().to_string();
            assert!(error.contains("feature `kafka`") && !error.contains("secret"), "{error}");
            assert!(matches!(endpoint(url), Err(ConnectError::NotBuiltIn(_))));
        }
    }

    #[tokio::test]
    async fn only_a_broker_that_keeps_events_delivers_them_again() {
        for url in ["memory:", "amqp://localhost"] {
            let refused = replay(url, Service::Products, Timestamp::now()).await;
            assert!(matches!(refused, Err(ReplayError::NotKept(_))), "{refused:?}");
        }
    }
}
