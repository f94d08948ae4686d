//! The in-process broker keeps the promises of a broker.

use std::sync::Arc;

use async_trait::async_trait;
use platform::{
    Clock,
    messaging::{Broker, MemoryBroker},
};
use testkit::{
    broker_conformance,
    conformance::broker::{BrokerHarness, Supports},
};

/// Its clients are all the broker itself: it lives in one process, and ends with it.
struct InProcess(Arc<MemoryBroker>);

#[async_trait]
impl BrokerHarness for InProcess {
    const SUPPORTS: Supports = Supports { instances: false, restart: false, tells_busy: true };

    async fn fresh() -> Self {
        Self(Arc::new(MemoryBroker::new(Clock::system())))
    }

    async fn connect(&self) -> Arc<dyn Broker> {
        self.0.clone()
    }

    async fn stop(self, _clients: Vec<Arc<dyn Broker>>) -> Vec<Arc<dyn Broker>> {
        Vec::new()
    }
}

broker_conformance!(InProcess);
