//! The port that every broker adapter implements. What it promises is what `testkit`'s conformance suite tests.

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{Service, Timestamp};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::{Envelope, RpcError};
use crate::trace::TraceContext;

/// A message broker.
#[async_trait]
pub trait Broker: Send + Sync + 'static {
    /// Publishes one event and waits until the broker has taken responsibility for it towards every service
    /// that [`contracts::consumers_of`] names.
    ///
    /// Callers keep order within an aggregate by waiting for each before they publish the next.
    ///
    /// # Errors
    /// [`PublishError`]: it may or may not have been taken, and is to be published again.
    async fn publish(&self, envelope: &Envelope) -> Result<(), PublishError>;

    /// Starts to deliver the events that `consumer` subscribes to, with at most `window` of them unsettled.
    /// The stream ends when the connection does; the caller subscribes again.
    ///
    /// # Errors
    /// [`BrokerError`] if the broker cannot be reached.
    async fn subscribe(
        &self,
        consumer: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<Delivery>, BrokerError>;

    /// Asks a service, and waits for the answer until the question's deadline.
    ///
    /// # Errors
    /// [`RpcError`], at the latest when the deadline has passed.
    async fn call(&self, call: RpcCall) -> Result<Bytes, RpcError>;

    /// Starts to take the questions for `service`, with at most `window` of them unanswered; whoever asks beyond
    /// that is told that it is busy. The stream ends when the connection does.
    ///
    /// # Errors
    /// [`BrokerError`] if the broker cannot be reached.
    async fn serve(&self, service: Service, window: usize)
    -> Result<mpsc::Receiver<RpcRequest>, BrokerError>;

    /// Whether the broker can be reached now.
    ///
    /// # Errors
    /// [`BrokerError`] with the reason why not.
    async fn check(&self) -> Result<(), BrokerError>;

    /// Waits until the broker knows which streams of this process have been dropped, when all have been, so that what they
    /// would have been given goes to other instances at once, and not when the broker has noticed.
    async fn leave(&self) {}
}

/// The broker cannot be reached, or refused.
#[derive(Debug, Error)]
#[error("the broker is unavailable: {0}")]
pub struct BrokerError(pub String);

/// An event was not confirmed.
#[derive(Debug, Error)]
pub enum PublishError {
    /// A service that must hear of it has no queue or no consumer yet.
    #[error("{0} is not there to receive it")]
    NoConsumer(Service),
    /// The broker did not confirm it.
    #[error("not confirmed: {0}")]
    NotConfirmed(String),
}

/// One delivery of an event. Dropping it unsettled gives it back to the broker, which delivers it again.
#[derive(Debug)]
pub struct Delivery {
    /// What was delivered.
    pub envelope: Envelope,
    /// Whether the broker gave it up, having delivered it again and again to consumers that were gone before they settled
    /// it. It may be what ends them.
    pub given_up: bool,
    settle: oneshot::Sender<()>,
    /// Its place in the consumer's window, for a broker that keeps the window itself.
    _place: Option<OwnedSemaphorePermit>,
}

impl Delivery {
    /// A delivery whose sender learns through the receiver that it was settled.
    #[must_use]
    pub fn new(envelope: Envelope) -> (Self, oneshot::Receiver<()>) {
        let (settle, settled) = oneshot::channel();
        (Self { envelope, given_up: false, settle, _place: None }, settled)
    }

    /// This delivery, marked as one that the broker gave up if it did.
    #[must_use]
    pub fn marked(self, given_up: bool) -> Self {
        Self { given_up, ..self }
    }

    /// This delivery, which keeps `place` until it is settled or dropped.
    #[must_use]
    pub fn keeping(self, place: OwnedSemaphorePermit) -> Self {
        Self { _place: Some(place), ..self }
    }

    /// Tells the broker that it need not deliver this again: its effect, or its dead letter, is committed.
    pub fn settle(self) -> Envelope {
        // If the connection is gone the broker delivers again, and the inbox drops the repetition.
        self.settle.send(()).ok();
        self.envelope
    }
}

/// A question to `service`.
#[derive(Clone, Debug)]
pub struct RpcCall {
    /// Who is asked.
    pub service: Service,
    /// What is asked: [`contracts::rpc::Rpc::METHOD`].
    pub method: String,
    /// The request, as JSON.
    pub payload: Bytes,
    /// When the asker stops waiting; a server drops what it finds later.
    pub deadline: Timestamp,
    /// Where in a trace it was asked.
    pub trace: TraceContext,
}

/// A question that has arrived.
#[derive(Debug)]
pub struct RpcRequest {
    /// The question.
    pub call: RpcCall,
    /// Where the answer goes. Dropping it tells the asker that the service failed.
    pub reply: oneshot::Sender<Result<Bytes, RpcError>>,
}
