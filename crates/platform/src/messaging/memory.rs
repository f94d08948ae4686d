//! The in-process broker: for the shop in one process, and for tests.
//!
//! It keeps nothing on disk. An event counts as taken only when each of its consumers has settled it, so until
//! then it stays in the publisher's outbox, and a process that is killed loses nothing.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{Service, consumers_of};
use tokio::sync::mpsc::{self, error::TrySendError};

use super::{Broker, BrokerError, Delivery, Envelope, PublishError, RpcCall, RpcError, RpcRequest};
use crate::Clock;

/// A broker inside this process.
pub struct MemoryBroker {
    clock: Clock,
    consumers: Mutex<HashMap<Service, mpsc::Sender<Delivery>>>,
    servers: Mutex<HashMap<Service, mpsc::Sender<RpcRequest>>>,
}

impl MemoryBroker {
    /// An empty broker. `clock` tells when a question's deadline has passed.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, consumers: Mutex::default(), servers: Mutex::default() }
    }
}

fn find<T>(
    registered: &Mutex<HashMap<Service, mpsc::Sender<T>>>,
    service: Service,
) -> Option<mpsc::Sender<T>> {
    registered
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&service)
        .filter(|sender| !sender.is_closed())
        .cloned()
}

fn register<T>(
    registered: &Mutex<HashMap<Service, mpsc::Sender<T>>>,
    service: Service,
    window: usize,
) -> mpsc::Receiver<T> {
    let (sender, receiver) = mpsc::channel(window.max(1));
    registered.lock().unwrap_or_else(PoisonError::into_inner).insert(service, sender);
    receiver
}

#[async_trait]
impl Broker for MemoryBroker {
    async fn publish(&self, envelope: &Envelope) -> Result<(), PublishError> {
        let mut settled = Vec::new();
        for service in consumers_of(&envelope.event_type) {
            let queue = find(&self.consumers, service).ok_or(PublishError::NoConsumer(service))?;
            let (delivery, receipt) = Delivery::new(envelope.clone());
            queue.send(delivery).await.map_err(|_| PublishError::NoConsumer(service))?;
            settled.push((service, receipt));
        }
        for (service, receipt) in settled {
            receipt.await.map_err(|_| PublishError::NotConfirmed(format!("{service} gave it back")))?;
        }
        Ok(())
    }

    async fn subscribe(
        &self,
        consumer: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<Delivery>, BrokerError> {
        Ok(register(&self.consumers, consumer, window))
    }

    async fn call(&self, call: RpcCall) -> Result<Bytes, RpcError> {
        let service = call.service;
        let time_left = call.deadline.since(self.clock.now());
        let server =
            find(&self.servers, service).ok_or_else(|| RpcError::Unavailable(service.to_string()))?;
        let (reply, answer) = tokio::sync::oneshot::channel();
        server.try_send(RpcRequest { call, reply }).map_err(|error| match error {
            TrySendError::Full(_) => RpcError::Busy(service.to_string()),
            TrySendError::Closed(_) => RpcError::Unavailable(service.to_string()),
        })?;
        match tokio::time::timeout(time_left, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(RpcError::Unavailable(service.to_string())),
            Err(_) => Err(RpcError::TimedOut(service.to_string())),
        }
    }

    async fn serve(
        &self,
        service: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<RpcRequest>, BrokerError> {
        Ok(register(&self.servers, service, window))
    }

    async fn check(&self) -> Result<(), BrokerError> {
        Ok(())
    }
}
