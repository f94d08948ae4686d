//! RabbitMQ keeps the promises of a broker, and what is delivered through it takes effect once, whatever fails. Needs the
//! feature `real-servers` and an installed RabbitMQ: `cargo xtask test rabbitmq` sees to both.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod crashes;
mod dead_letters;
#[expect(dead_code, reason = "the tests over the in-process broker have more faults")]
#[path = "../delivery/world.rs"]
mod world;

use std::{any::Any, sync::Arc};

use async_trait::async_trait;
use lapin::{Channel, Connection, ConnectionProperties};
use platform::{Clock, messaging::Broker};
use testkit::{
    broker_conformance,
    conformance::broker::{BrokerHarness, Supports},
    eventually,
    servers::RabbitMq,
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// One node for all promises. Nobody removes the queues that each leaves: in its first seconds a RabbitMQ 3.10 does not get over
/// that, see `docs/messaging.md`.
static NODE: Mutex<Option<RabbitMq>> = Mutex::const_new(None);

/// A node's corner: everything in it has a prefix of its own.
struct Corner {
    url: String,
}

#[async_trait]
impl BrokerHarness for Corner {
    const SUPPORTS: Supports = Supports { instances: true, restart: true, tells_busy: true };

    async fn fresh() -> Self {
        let prefix = Uuid::new_v4().simple();
        let mut slot = NODE.lock().await;
        let node = match slot.take() {
            Some(node) => node,
            None => RabbitMq::start().await.unwrap(),
        };
        let url = format!("{}?prefix={prefix}", slot.insert(node).url());
        Self { url }
    }

    async fn connect(&self) -> Arc<dyn Broker> {
        connected(&self.url).await
    }

    async fn restart(&self) {
        let mut slot = NODE.lock().await;
        let node = slot.as_mut().unwrap();
        node.kill();
        node.restart().await.unwrap();
    }

    async fn stop(self, clients: Vec<Arc<dyn Broker>>) -> Vec<Arc<dyn Broker>> {
        drop(Self::finish().await);
        clients
    }

    async fn finish() -> Option<Box<dyn Any + Send>> {
        NODE.lock().await.take().map(|node| Box::new(node) as _)
    }
}

broker_conformance!(in one test Corner);

/// A client of the broker at `url`, once it is connected.
async fn connected(url: &str) -> Arc<dyn Broker> {
    let broker = platform::messaging::connect(url, &Clock::system()).unwrap();
    eventually("the broker can be reached", || async { broker.check().await.ok() }).await;
    broker
}

/// A channel past the adapter, with the connection that it lives on.
async fn channel(node: &RabbitMq) -> (Connection, Channel) {
    let url = node.url_of("%2f");
    let connection = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}
