//! Apache Kafka and what speaks its protocol, through librdkafka.
//!
//! | module | what it has |
//! |---|---|
//! | `address`, `names` | what the URL says; what things are called there |
//! | `topology` | the topics |
//! | `clients`, `context` | what librdkafka's clients are told, and what they tell |
//! | `supervisor`, `session` | the producers, and everything that ends with them |
//! | `consuming`, `group`, `progress`, `suspicion`, `watchdog`, `unrest` | deliveries, and the offsets that are committed |
//! | `asking`, `answering` | RPC |
//! | `streams` | what runs for whoever consumes or serves |
//! | `event_wire`, `question_wire`, `headers` | what a message looks like |
//! | `replay` | reading retained events again |
//! | `waiting` | calls that wait for a broker |
//!
//! librdkafka connects again by itself, finds leaders and coordinators that have moved, and tries again what may be tried
//! again; one broker of several may come and go, and nobody here is told. A session ends, and the next one begins with new
//! clients, when the whole cluster is away, when a producer is told that it has lost its place in the order (a fatal
//! error), when a consumer stands still, or when its group does not come to rest. The outbox and the inbox make that safe.

mod address;
mod answering;
mod asking;
mod clients;
mod consuming;
mod context;
mod event_wire;
mod group;
mod headers;
mod names;
mod progress;
mod question_wire;
mod replay;
mod session;
mod streams;
mod supervisor;
mod suspicion;
mod topology;
mod unrest;
mod waiting;
mod watchdog;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{Service, Timestamp};
use rdkafka::error::KafkaError;
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::{address::Address, session::Session, streams::Streams, supervisor::State};
use super::{Broker, BrokerError, Delivery, Envelope, PublishError, RpcCall, RpcError, RpcRequest};
use crate::{Clock, endpoint::Endpoint};

/// How long a consumer or a server waits for a session before it is told that there is none.
const SOON: Duration = Duration::from_secs(1);

/// Kafka, as one process uses it. Its connections close when it is dropped.
pub struct KafkaBroker {
    state: watch::Receiver<State>,
    clock: Clock,
    streams: Streams,
    _stop: DropGuard,
}

impl KafkaBroker {
    /// The cluster at `url` (`kafka:` or `kafkas:`), which need not run yet: until it does, everything that is asked of it
    /// fails at once. Has to be called within a Tokio runtime. `clock` tells when a question's deadline has passed.
    ///
    /// # Errors
    /// What is wrong with the URL, without its password.
    pub fn connect(url: &str, clock: Clock) -> Result<Self, String> {
        let address = Address::parse(url)?;
        let runtime = Handle::try_current().map_err(|error| error.to_string())?;
        let (sender, state) = watch::channel(State::Down("not connected yet".into()));
        let stop = CancellationToken::new();
        runtime.spawn(supervisor::supervise(address, sender, stop.clone()));
        Ok(Self { state, clock, streams: Streams::new(runtime), _stop: stop.drop_guard() })
    }

    /// Where `url` leads, and as whom.
    ///
    /// # Errors
    /// What is wrong with the URL, without its password.
    pub fn endpoint(url: &str) -> Result<Endpoint, String> {
        Ok(Address::parse(url)?.endpoint())
    }

    /// Sets `consumer` back to the first event that was published at `since` or later, at the cluster that `url` names.
    ///
    /// # Returns
    /// How many events come again.
    ///
    /// # Errors
    /// Why it cannot, without the URL's password.
    pub async fn replay(url: &str, consumer: Service, since: Timestamp) -> Result<u64, String> {
        replay::replay(url, consumer, since).await
    }

    /// The session, if there is one now.
    fn session(&self) -> Result<Arc<Session>, BrokerError> {
        match &*self.state.borrow() {
            State::Up(session) if session.end.is_over() => Err(BrokerError(session.end.reason().to_owned())),
            State::Up(session) => Ok(Arc::clone(session)),
            State::Down(reason) => Err(BrokerError((**reason).to_owned())),
        }
    }

    /// The session, if there is one now or soon.
    async fn session_soon(&self) -> Result<Arc<Session>, BrokerError> {
        let mut state = self.state.clone();
        let up = state.wait_for(|state| matches!(state, State::Up(session) if !session.end.is_over()));
        // Whether it has come or not is seen by looking.
        timeout(SOON, up).await.ok();
        self.session()
    }
}

#[async_trait]
impl Broker for KafkaBroker {
    async fn publish(&self, envelope: &Envelope) -> Result<(), PublishError> {
        let not_confirmed = |reason: String| PublishError::NotConfirmed(reason);
        let session = self.session().map_err(|BrokerError(reason)| not_confirmed(reason))?;
        let failed = |error: KafkaError| {
            session.fail_to_publish(&error);
            not_confirmed(error.to_string())
        };
        let sent = session.publish(envelope).map_err(failed)?;
        let delivered = tokio::select! {
            delivered = sent => delivered,
            () = session.end.wait() => return Err(not_confirmed(session.end.reason().to_owned())),
        };
        match delivered {
            Ok(Ok(_)) => Ok(()),
            Ok(Err((error, _))) => Err(failed(error)),
            Err(_) => Err(not_confirmed(session.end.reason().to_owned())),
        }
    }

    async fn subscribe(
        &self,
        consumer: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<Delivery>, BrokerError> {
        let session = self.session_soon().await?;
        consuming::subscribe(&session, &self.streams, consumer, window).map_err(unavailable)
    }

    async fn call(&self, call: RpcCall) -> Result<Bytes, RpcError> {
        let left = call.deadline.since(self.clock.now());
        if left.is_zero() {
            return Err(RpcError::TimedOut(call.service.to_string()));
        }
        let session = self.session().map_err(|_| RpcError::Unavailable(call.service.to_string()))?;
        asking::ask(&session, call, left).await
    }

    async fn serve(
        &self,
        service: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<RpcRequest>, BrokerError> {
        let session = self.session_soon().await?;
        answering::serve(session, &self.streams, service, window, self.clock.clone())
            .await
            .map_err(unavailable)
    }

    async fn check(&self) -> Result<(), BrokerError> {
        if self.session()?.is_joining() {
            return Err(BrokerError("it has not said yet which partitions are ours".to_owned()));
        }
        Ok(())
    }

    async fn leave(&self) {
        self.streams.ended().await;
    }
}

fn unavailable(error: KafkaError) -> BrokerError {
    BrokerError(error.to_string())
}
