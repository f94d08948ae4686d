//! Questions to other services, each with a deadline.

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use contracts::{Service, rpc::Rpc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Broker, RpcCall, RpcRequest};
use crate::{Clock, backoff::Backoff, loader::GivenUp, trace::TraceContext};

/// Questions that one service answers at a time; beyond that the asker is told that it is busy.
const WINDOW: usize = 256;

/// Why a question got no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "kind", content = "message", rename_all = "snake_case")]
pub enum RpcError {
    /// Nobody serves it, or the broker cannot be reached.
    #[error("{0} cannot be reached")]
    Unavailable(String),
    /// The deadline passed first.
    #[error("{0} did not answer in time")]
    TimedOut(String),
    /// The service has more to do than it may take on.
    #[error("{0} is busy")]
    Busy(String),
    /// The service did not understand the question.
    #[error("the question was refused: {0}")]
    Invalid(String),
    /// The service failed to answer.
    #[error("the service failed: {0}")]
    Failed(String),
}

impl From<crate::store::StoreError> for RpcError {
    fn from(error: crate::store::StoreError) -> Self {
        match error {
            crate::store::StoreError::Unavailable(_) => Self::Unavailable("a store".to_owned()),
            crate::store::StoreError::Failed(_) => {
                tracing::error!(%error, "a question could not be answered");
                Self::Failed("the store failed".to_owned())
            }
        }
    }
}

impl From<GivenUp> for RpcError {
    fn from(given_up: GivenUp) -> Self {
        Self::Failed(given_up.to_string())
    }
}

/// Asks other services.
#[derive(Clone)]
pub struct RpcClient {
    broker: Arc<dyn Broker>,
    clock: Clock,
    patience: Duration,
}

impl RpcClient {
    /// A client that waits at most `patience` for each answer.
    #[must_use]
    pub fn new(broker: Arc<dyn Broker>, clock: Clock, patience: Duration) -> Self {
        Self { broker, clock, patience }
    }

    /// Asks `question` and waits for the answer.
    ///
    /// # Errors
    /// [`RpcError`], at the latest when the client's patience is at an end.
    pub async fn ask<Q: Rpc>(&self, question: &Q) -> Result<Q::Reply, RpcError> {
        let payload = serde_json::to_vec(question).map_err(|error| RpcError::Invalid(error.to_string()))?;
        let call = RpcCall {
            service: Q::SERVICE,
            method: Q::METHOD.to_owned(),
            payload: payload.into(),
            deadline: self.clock.now() + self.patience,
            trace: TraceContext::current().child(),
        };
        let answer = self.broker.call(call).await?;
        serde_json::from_slice(&answer)
            .map_err(|error| RpcError::Failed(format!("an unreadable answer: {error}")))
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Bytes, RpcError>> + Send>>;
type Answerer = Box<dyn Fn(Bytes) -> Answering + Send + Sync>;

/// The questions that a service answers, by method.
pub struct RpcRouter {
    service: Service,
    answerers: HashMap<&'static str, Answerer>,
}

impl RpcRouter {
    /// A router for `service` that answers nothing yet.
    #[must_use]
    pub fn new(service: Service) -> Self {
        Self { service, answerers: HashMap::new() }
    }

    /// Answers each `Q` with `answer`.
    #[must_use]
    pub fn on<Q, F, A>(mut self, answer: F) -> Self
    where
        Q: Rpc,
        F: Fn(Q) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Q::Reply, RpcError>> + Send + 'static,
    {
        let answerer: Answerer = Box::new(move |payload| {
            let asked = serde_json::from_slice::<Q>(&payload)
                .map_err(|error| RpcError::Invalid(error.to_string()))
                .map(&answer);
            Box::pin(async move {
                let reply = asked?.await?;
                let reply =
                    serde_json::to_vec(&reply).map_err(|error| RpcError::Failed(error.to_string()))?;
                Ok(reply.into())
            })
        });
        self.answerers.insert(Q::METHOD, answerer);
        self
    }

    /// Answers what comes, until `shutdown`; then finishes what it has begun.
    pub async fn run(self, broker: Arc<dyn Broker>, clock: Clock, shutdown: CancellationToken) {
        let router = Arc::new(self);
        let begun = TaskTracker::new();
        let places = Arc::new(Semaphore::new(WINDOW));
        let mut backoff = Backoff::reconnect();
        while !shutdown.is_cancelled() {
            match broker.serve(router.service, WINDOW).await {
                Ok(mut requests) => {
                    backoff.reset();
                    while let Some(Some((place, request))) =
                        shutdown.run_until_cancelled(next(&places, &mut requests)).await
                    {
                        let (router, clock) = (Arc::clone(&router), clock.clone());
                        begun.spawn(async move {
                            router.answer(request, &clock).await;
                            drop(place);
                        });
                    }
                }
                Err(error) => tracing::warn!(service = %router.service, %error, "cannot serve questions"),
            }
            shutdown.run_until_cancelled(backoff.rest()).await;
        }
        begun.close();
        begun.wait().await;
    }

    async fn answer(&self, request: RpcRequest, clock: &Clock) {
        let RpcRequest { call, reply } = request;
        // An asker whose clock or timer is a little behind still waits, and is not to think that nobody is here.
        let late = Err(RpcError::TimedOut(self.service.to_string()));
        let time_left = call.deadline.since(clock.now());
        if time_left.is_zero() {
            metrics::counter!("rpc_late_total", "service" => self.service.name()).increment(1);
            drop(reply.send(late));
            return;
        }
        let Some(answerer) = self.answerers.get(call.method.as_str()) else {
            drop(
                reply.send(Err(RpcError::Invalid(format!(
                    "{} does not answer {}",
                    self.service, call.method
                )))),
            );
            return;
        };
        let answering = call.trace.scope(answerer(call.payload));
        let answer = tokio::time::timeout(time_left, answering).await.unwrap_or(late);
        // Whoever asked may have stopped waiting.
        drop(reply.send(answer));
    }
}

/// The next question, once there is a place for it: what has none yet stays in the broker's bounded queue.
async fn next(
    places: &Arc<Semaphore>,
    requests: &mut mpsc::Receiver<RpcRequest>,
) -> Option<(OwnedSemaphorePermit, RpcRequest)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    Some((place, requests.recv().await?))
}
