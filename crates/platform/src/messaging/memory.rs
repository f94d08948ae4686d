//! The in-process broker: for the shop in one process, and for tests.
//!
//! It keeps nothing on disk. An event counts as taken only when each of its consumers has settled it, so until
//! then it stays in the publisher's outbox, and a process that is killed loses nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{Service, consumers_of};
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};

use super::{Broker, BrokerError, Delivery, Envelope, PublishError, RpcCall, RpcError, RpcRequest};
use crate::{
    Clock,
    chaos::{Point, crash_point},
};

/// How long an event waits for a place in a consumer's window. Then its publisher tries again, and lets others pass: what
/// they publish may be for consumers that keep up.
const PATIENCE: Duration = Duration::from_millis(100);

/// A broker inside this process.
pub struct MemoryBroker {
    clock: Clock,
    consumers: Streams<Delivery>,
    servers: Streams<RpcRequest>,
}

/// Who takes what, by service.
type Streams<T> = Mutex<HashMap<Service, Stream<T>>>;

/// One end of a stream that a service reads, and how much more it may be given.
struct Stream<T> {
    sender: mpsc::Sender<T>,
    /// What is taken out of the channel is still in the window: the channel's own bound would not count it.
    places: Arc<Semaphore>,
}

impl MemoryBroker {
    /// An empty broker. `clock` tells when a question's deadline has passed.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, consumers: Mutex::default(), servers: Mutex::default() }
    }
}

fn find<T>(streams: &Streams<T>, service: Service) -> Option<Stream<T>> {
    let streams = streams.lock().unwrap_or_else(PoisonError::into_inner);
    let stream = streams.get(&service)?;
    (!stream.sender.is_closed())
        .then(|| Stream { sender: stream.sender.clone(), places: Arc::clone(&stream.places) })
}

fn register<T>(streams: &Streams<T>, service: Service, window: usize) -> mpsc::Receiver<T> {
    let window = window.max(1);
    let (sender, receiver) = mpsc::channel(window);
    let stream = Stream { sender, places: Arc::new(Semaphore::new(window)) };
    streams.lock().unwrap_or_else(PoisonError::into_inner).insert(service, stream);
    receiver
}

/// Hands `envelope` to `consumer`, as soon as its window has a place for it.
///
/// # Returns
/// Where it is told that the consumer has settled it.
///
/// # Errors
/// [`PublishError`] if there is no such consumer, or no place.
async fn deliver(
    stream: &Stream<Delivery>,
    consumer: Service,
    envelope: &Envelope,
) -> Result<oneshot::Receiver<()>, PublishError> {
    let gone = PublishError::NoConsumer(consumer);
    let place = tokio::select! {
        place = timeout(PATIENCE, Arc::clone(&stream.places).acquire_owned()) => place,
        () = stream.sender.closed() => return Err(gone),
    };
    let Ok(place) = place else {
        return Err(PublishError::NotConfirmed(format!("{consumer} has no room for it")));
    };
    let Ok(place) = place else { return Err(gone) };
    let (delivery, settled) = Delivery::new(envelope.clone());
    // Whoever has a place finds room in the channel.
    stream.sender.try_send(delivery.keeping(place)).map_err(|_| gone)?;
    Ok(settled)
}

#[async_trait]
impl Broker for MemoryBroker {
    async fn publish(&self, envelope: &Envelope) -> Result<(), PublishError> {
        let mut settled = Vec::new();
        for service in consumers_of(&envelope.event_type) {
            let stream = find(&self.consumers, service).ok_or(PublishError::NoConsumer(service))?;
            settled.push((service, deliver(&stream, service, envelope).await?));
        }
        crash_point(Point::AfterPublish);
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
        let (service, deadline) = (call.service, call.deadline);
        let late = || RpcError::TimedOut(service.to_string());
        let unavailable = || RpcError::Unavailable(service.to_string());
        let server = find(&self.servers, service).ok_or_else(unavailable)?;
        let time_left = deadline.since(self.clock.now());
        if time_left.is_zero() {
            return Err(late());
        }
        // Kept until the answer is there, or nobody waits for it any more.
        let _place = server.places.try_acquire().map_err(|_| RpcError::Busy(service.to_string()))?;
        let (reply, answer) = oneshot::channel();
        server.sender.try_send(RpcRequest { call, reply }).map_err(|error| match error {
            // Full of questions that nobody waits for any more and that the server has not got to.
            mpsc::error::TrySendError::Full(_) => RpcError::Busy(service.to_string()),
            mpsc::error::TrySendError::Closed(_) => unavailable(),
        })?;
        match timeout(time_left, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_dropped)) => Err(unavailable()),
            Err(_) => Err(late()),
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
