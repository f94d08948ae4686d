//! The broker of a stack: which one it is to be, and the server itself.

use std::path::Path;

use clap::ValueEnum;

use crate::servers::{Kafka, Lifetime, Proxy, RabbitMq, ServerError, ServerProcess};

/// What a stack's services talk by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Broker {
    /// RabbitMQ, from the system's packages
    #[default]
    Rabbitmq,
    /// A broker that speaks Kafka's protocol, and keeps everything in memory
    Kafka,
}

impl Broker {
    /// Whether it still has what it was told when it has ended and come back.
    #[must_use]
    pub const fn survives(self) -> bool {
        match self {
            Self::Rabbitmq => true,
            Self::Kafka => false,
        }
    }
}

/// The broker of a stack.
#[derive(Debug)]
pub enum BrokerServer {
    /// RabbitMQ.
    RabbitMq(Box<RabbitMq>),
    /// What speaks Kafka's protocol.
    Kafka(Kafka),
}

impl BrokerServer {
    /// Starts one in `folder`, with a proxy before it if one is wanted.
    pub(super) async fn start(
        broker: Broker,
        folder: &Path,
        lifetime: Lifetime,
        proxied: bool,
    ) -> Result<(Self, Option<Proxy>), ServerError> {
        Ok(match broker {
            Broker::Rabbitmq => {
                let rabbitmq = RabbitMq::start_in(&folder.join("rabbitmq"), lifetime).await?;
                let proxy = if proxied { Some(Proxy::start(rabbitmq.port()).await?) } else { None };
                (Self::RabbitMq(Box::new(rabbitmq)), proxy)
            }
            // It tells its clients where to come, which has to be the proxy's place.
            Broker::Kafka if proxied => {
                let (kafka, proxy) = Kafka::start_behind_proxy(&folder.join("kafka"), lifetime).await?;
                (Self::Kafka(kafka), Some(proxy))
            }
            Broker::Kafka => (Self::Kafka(Kafka::start_in(&folder.join("kafka"), lifetime).await?), None),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::RabbitMq(rabbitmq) => rabbitmq.url(),
            Self::Kafka(kafka) => kafka.url(),
        }
    }

    /// Its port on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        match self {
            Self::RabbitMq(rabbitmq) => rabbitmq.port(),
            Self::Kafka(kafka) => kafka.port(),
        }
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        match self {
            Self::RabbitMq(rabbitmq) => rabbitmq.kill(),
            Self::Kafka(kafka) => kafka.kill(),
        }
    }

    /// Ends it in an orderly way.
    ///
    /// # Errors
    /// If it does not end in time.
    pub async fn stop(&mut self) -> Result<(), ServerError> {
        match self {
            Self::RabbitMq(rabbitmq) => rabbitmq.stop().await,
            Self::Kafka(kafka) => kafka.stop().await,
        }
    }

    /// Starts it again on what it was told before; one that still runs is stopped first.
    ///
    /// # Errors
    /// If it does not end, or does not start.
    ///
    /// # Panics
    /// If it does not [survive](Broker::survives) that.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        match self {
            Self::RabbitMq(rabbitmq) => rabbitmq.restart().await,
            Self::Kafka(_) => panic!("what a broker in memory was told is gone when it ends"),
        }
    }

    /// Its processes.
    pub fn processes(&mut self) -> Vec<&mut ServerProcess> {
        match self {
            Self::RabbitMq(rabbitmq) => rabbitmq.processes().into(),
            Self::Kafka(kafka) => vec![kafka.process()],
        }
    }
}
