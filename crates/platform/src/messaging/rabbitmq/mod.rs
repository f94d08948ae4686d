//! RabbitMQ 3.10 and later, over AMQP 0-9-1.
//!
//! | module | what it has |
//! |---|---|
//! | `address`, `names` | what the URL says; what things are called there |
//! | `topology` | exchanges and queues, declared anew over each connection |
//! | `supervisor`, `session` | two connections, and everything that ends with them |
//! | `publisher` | confirms, many at a time |
//! | `consuming` | deliveries, and their acknowledgements |
//! | `asking`, `replies`, `answering` | RPC |
//! | `event_wire`, `question_wire`, `headers` | what a message looks like |
//!
//! One supervisor a process. lapin's own recovery is off: it leaves confirms that never come, and channels that do not
//! recover. Instead the first error of any kind ends the session: whoever waits is told, the streams end, and the next
//! session starts from nothing. The outbox and the inbox make that safe.

mod address;
mod answering;
mod asking;
mod consuming;
mod event_wire;
mod headers;
mod names;
mod publisher;
mod question_wire;
mod replies;
mod session;
mod supervisor;
mod topology;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{Service, consumers_of};
use lapin::types::ShortString;
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::{address::Address, publisher::Outcome, session::Session, supervisor::State};
use super::{Broker, BrokerError, Delivery, Envelope, PublishError, RpcCall, RpcError, RpcRequest};
use crate::{Clock, endpoint::Endpoint};

/// How long a consumer or a server waits for a session before it is told that there is none.
const SOON: Duration = Duration::from_secs(1);

/// RabbitMQ, as one process uses it. Its connections close when it is dropped.
pub struct RabbitMqBroker {
    state: watch::Receiver<State>,
    clock: Clock,
    _stop: DropGuard,
}

impl RabbitMqBroker {
    /// The broker at `url` (`amqp:` or `amqps:`), which need not run yet: until it does, everything that is asked of it
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
        Ok(Self { state, clock, _stop: stop.drop_guard() })
    }

    /// Where `url` leads, and as whom.
    ///
    /// # Errors
    /// What is wrong with the URL, without its password.
    pub fn endpoint(url: &str) -> Result<Endpoint, String> {
        Ok(Address::parse(url)?.endpoint())
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
impl Broker for RabbitMqBroker {
    async fn publish(&self, envelope: &Envelope) -> Result<(), PublishError> {
        let not_confirmed = |reason: &str| PublishError::NotConfirmed(reason.to_owned());
        let session = self.session().map_err(|BrokerError(reason)| PublishError::NotConfirmed(reason))?;
        let routing_key = ShortString::try_new(envelope.event_type.as_str())
            .map_err(|error| PublishError::NotConfirmed(error.to_string()))?;
        match session.publish(envelope, routing_key).await.await {
            Ok(Outcome::Confirmed) => Ok(()),
            Ok(Outcome::Returned) => {
                consumers_of(&envelope.event_type).next().map_or(Ok(()), |service| {
                    // Somebody has removed its queue or a binding: the next session declares them again.
                    session.end.because("a queue is missing");
                    Err(PublishError::NoConsumer(service))
                })
            }
            Ok(Outcome::Refused) => Err(not_confirmed("a queue refused it")),
            Ok(Outcome::Unclear) => Err(not_confirmed("it cannot be told from one that was returned")),
            Ok(Outcome::Failed(reason)) => Err(PublishError::NotConfirmed(reason)),
            Err(_) => Err(not_confirmed(session.end.reason())),
        }
    }

    async fn subscribe(
        &self,
        consumer: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<Delivery>, BrokerError> {
        let session = self.session_soon().await?;
        consuming::subscribe(&session, consumer, window).await.map_err(unavailable)
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
        answering::serve(&session, service, window, self.clock.clone()).await.map_err(unavailable)
    }

    async fn check(&self) -> Result<(), BrokerError> {
        if self.session()?.is_blocked() {
            return Err(BrokerError("it is short of memory or disk, and takes no messages".to_owned()));
        }
        Ok(())
    }
}

fn unavailable(error: lapin::Error) -> BrokerError {
    BrokerError(error.to_string())
}
