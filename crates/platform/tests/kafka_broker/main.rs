//! A broker that speaks Kafka's protocol keeps the promises of a broker, and what is delivered through it takes effect once,
//! whatever fails. Needs the features `kafka` and `real-servers`, and the broker: `cargo xtask test kafka` sees to all of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod crashes;
mod dead_letters;
mod group;
mod replay;
mod tls;
#[expect(dead_code, reason = "the tests over the in-process broker have more faults")]
#[path = "../delivery/world.rs"]
mod world;

use std::{any::Any, sync::Arc};

use async_trait::async_trait;
use platform::{Clock, messaging::Broker};
use testkit::{
    broker_conformance,
    conformance::broker::{BrokerHarness, Supports},
    eventually,
    servers::Kafka,
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// One broker for all promises.
static NODE: Mutex<Option<Kafka>> = Mutex::const_new(None);

/// A broker's corner: everything in it has a prefix of its own.
struct Corner {
    url: String,
}

#[async_trait]
impl BrokerHarness for Corner {
    // What it is told is gone when it ends: it keeps everything in memory.
    const SUPPORTS: Supports = Supports { instances: true, restart: false, tells_busy: true };

    async fn fresh() -> Self {
        let mut slot = NODE.lock().await;
        if slot.is_none() {
            *slot = Some(Kafka::start().await.unwrap());
        }
        let node = slot.as_ref().unwrap();
        Self { url: format!("{}&prefix={}", node.url(), Uuid::new_v4().simple()) }
    }

    async fn connect(&self) -> Arc<dyn Broker> {
        connected(&self.url).await
    }

    async fn stop(self, clients: Vec<Arc<dyn Broker>>) -> Vec<Arc<dyn Broker>> {
        drop(Self::finish().await);
        clients
    }

    async fn finish() -> Option<Box<dyn Any + Send>> {
        let node = NODE.lock().await.take()?;
        Some(Box::new(node))
    }
}

broker_conformance!(in one test Corner);

/// A client of the broker at `url`, once it is connected.
async fn connected(url: &str) -> Arc<dyn Broker> {
    let broker = platform::messaging::connect(url, &Clock::system()).unwrap();
    eventually("the broker can be reached", || async { broker.check().await.ok() }).await;
    broker
}
