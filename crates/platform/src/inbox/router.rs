//! Which handler a message goes to.

use std::{collections::HashMap, future::Future, panic::AssertUnwindSafe, pin::Pin, time::Duration};

use contracts::{Service, events::Event};
use futures::FutureExt as _;
use thiserror::Error;

use super::Received;
use crate::{messaging::Envelope, store::StoreError};

/// How long a handler may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Why a message was not handled.
#[derive(Debug, Error)]
pub enum HandlerError {
    /// What the handler needs cannot be reached. That is not the message's fault: it waits, however long it takes.
    #[error("waiting for what it needs: {0}")]
    Unavailable(String),
    /// It went wrong. A few more attempts, then it is a dead letter.
    #[error("{0}")]
    Failed(String),
    /// It can never be handled: a dead letter at once.
    #[error("it cannot be understood: {0}")]
    Malformed(String),
}

impl From<StoreError> for HandlerError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(reason) => Self::Unavailable(reason),
            StoreError::Failed(source) => Self::Failed(source.to_string()),
        }
    }
}

type Handling = Pin<Box<dyn Future<Output = Result<(), HandlerError>> + Send>>;
type Handler = Box<dyn Fn(&Envelope, Received) -> Handling + Send + Sync>;

/// The handlers of one service, by type of event.
pub struct EventRouter {
    service: Service,
    handlers: HashMap<&'static str, Handler>,
}

impl EventRouter {
    /// A router for `service` that handles nothing yet.
    #[must_use]
    pub fn new(service: Service) -> Self {
        Self { service, handlers: HashMap::new() }
    }

    /// Handles each `E` with `handle`.
    #[must_use]
    pub fn on<E, F, H>(mut self, handle: F) -> Self
    where
        E: Event,
        F: Fn(E, Received) -> H + Send + Sync + 'static,
        H: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let handler: Handler = Box::new(move |envelope, received| match envelope.open::<E>() {
            Ok(event) => Box::pin(handle(event, received)),
            Err(error) => Box::pin(async move { Err(HandlerError::Malformed(error.to_string())) }),
        });
        self.handlers.insert(E::TYPE, handler);
        self
    }

    /// Whose handlers they are.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// The types of events that have a handler.
    pub fn handled(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.handlers.keys().copied()
    }

    /// Handles one message once, within a time limit, in the trace that it came with.
    ///
    /// # Errors
    /// [`HandlerError`]; a panic or a handler that takes too long counts as [`HandlerError::Failed`].
    pub async fn dispatch(&self, envelope: &Envelope) -> Result<(), HandlerError> {
        let Some(handler) = self.handlers.get(envelope.event_type.as_str()) else {
            let reason = format!("{} has no handler for {}", self.service, envelope.event_type);
            return Err(HandlerError::Malformed(reason));
        };
        // Also what the handler does before it returns its future: a panic there would end the consumer's task.
        let handling = async { handler(envelope, Received::by(self.service, envelope)).await };
        let handling = AssertUnwindSafe(envelope.trace.scope(handling)).catch_unwind();
        match tokio::time::timeout(TIME_LIMIT, handling).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => Err(HandlerError::Failed("the handler panicked".to_owned())),
            Err(_) => Err(HandlerError::Failed(format!("the handler took longer than {TIME_LIMIT:?}"))),
        }
    }
}
