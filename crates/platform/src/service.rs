//! What a service is made of, and how it runs: the same in one process with the others as on its own.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::{
    Service,
    events::{CustomerDeleted, SessionRevoked},
    rpc::{PublicKeySet, PublicKeys},
};
use futures::{FutureExt as _, future::BoxFuture};
use rocket::{Build, Rocket, Route};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Clock,
    auth::{Auth, KeySource, Revocation, Revocations, Revoked, Verifier},
    http::{HealthCheck, ServiceHttp},
    inbox::{Consumer, EventRouter, Received, Redrive},
    messaging::{Broker, RpcClient, RpcError, RpcRouter},
    outbox::Relay,
    store::{Store, StoreError},
    timers::{TimerHandler, TimerRunner},
};

/// How often an instance looks for revocations that another one recorded.
const REVOCATION_POLL: Duration = Duration::from_millis(500);
/// How often what waits is counted, for the metrics.
const COUNT_EVERY: Duration = Duration::from_secs(10);
/// How often old inbox rows and idempotency keys are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(60 * 60);
/// How long applied messages and idempotency keys are remembered: longer than any broker or client repeats itself.
pub const MEMORY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What a service is given to be built from.
#[derive(Clone)]
pub struct Environment {
    /// Which service.
    pub service: Service,
    /// The name of this instance, as `whoami` tells it.
    pub instance: String,
    /// Where it keeps what it owns.
    pub store: Store,
    /// How it talks to the others.
    pub broker: Arc<dyn Broker>,
    /// How it asks the others.
    pub rpc: RpcClient,
    /// What time it is.
    pub clock: Clock,
}

/// What a service is made of.
pub struct Parts {
    /// Who may call it.
    pub auth: Arc<Auth>,
    /// Its routes, at `/`.
    pub routes: Vec<Route>,
    /// What its routes take and give.
    pub openapi: utoipa::openapi::OpenApi,
    /// What its routes find in Rocket's managed state.
    pub state: Box<dyn FnOnce(Rocket<Build>) -> Rocket<Build> + Send>,
    /// What it does with the events that it subscribes to.
    pub events: EventRouter,
    /// What it answers.
    pub questions: RpcRouter,
    /// What it does when a timer is due.
    pub timers: Option<Arc<dyn TimerHandler>>,
}

impl Environment {
    /// Who may call a service that gets the keys from `keys`.
    #[must_use]
    pub fn auth(&self, keys: Arc<dyn KeySource>) -> Arc<Auth> {
        let verifier = Verifier::new(keys, self.clock.clone());
        Arc::new(Auth::new(verifier, Revocations::default(), self.clock.clone()))
    }

    /// The keys of the customer service, asked for by RPC.
    #[must_use]
    pub fn keys_by_rpc(&self) -> Arc<dyn KeySource> {
        Arc::new(KeysByRpc(self.rpc.clone()))
    }

    /// A router that refuses the tokens of sessions that ended and of customers who are gone. A service that has more
    /// to do when a customer goes puts its own handler of [`CustomerDeleted`] over this one.
    #[must_use]
    pub fn event_router(&self, auth: &Arc<Auth>) -> EventRouter {
        let (environment, known) = (self.clone(), Arc::clone(auth));
        let router = EventRouter::new(self.service).on(move |event: SessionRevoked, received| {
            let (environment, known) = (environment.clone(), Arc::clone(&known));
            async move {
                let (revoked, until) = (Revoked::Session(event.session_id), event.tokens_expire_at);
                let revocation = Revocation { revoked, at: environment.clock.now(), until };
                Ok(environment.revoke(&known, received, revocation).await?)
            }
        });
        let (environment, known) = (self.clone(), Arc::clone(auth));
        router.on(move |event: CustomerDeleted, received| {
            let (environment, known) = (environment.clone(), Arc::clone(&known));
            async move {
                let (revoked, until) = (Revoked::Customer(event.customer_id), event.tokens_expire_at);
                let revocation = Revocation { revoked, at: environment.clock.now(), until };
                Ok(environment.revoke(&known, received, revocation).await?)
            }
        })
    }

    async fn revoke(
        &self,
        auth: &Auth,
        received: Received,
        revocation: Revocation,
    ) -> Result<(), StoreError> {
        self.store.messaging().record_revocation(received, revocation).await?;
        auth.revocations().learn(revocation);
        Ok(())
    }

    /// Starts everything of `parts` that is not HTTP: it runs on `tasks` until `shutdown`. Should any of it end before, it cancels
    /// `shutdown`: a service that takes orders and no longer tells anybody is better started again.
    pub fn start(&self, parts: Messaging, tasks: &TaskTracker, shutdown: &CancellationToken) {
        let (store, clock) = (self.store.messaging(), self.clock.clone());
        let relay = Relay::new(store.clone(), Arc::clone(&self.broker), clock.clone());
        let watched = |name, task| watched(self.service, name, task, shutdown.clone());
        tasks.spawn(watched("relay", relay.run(self.store.outbox_signal(), shutdown.clone()).boxed()));

        let router = Arc::new(parts.events);
        let broker = Arc::clone(&self.broker);
        let consumer =
            Consumer::new(Arc::clone(&router), store.clone(), broker, clock.clone(), shutdown.clone());
        tasks.spawn(watched("consumer", consumer.run().boxed()));
        let redrive = Redrive { router, store: store.clone(), clock: clock.clone() };
        tasks.spawn(watched("redrive", redrive.run(shutdown.clone()).boxed()));

        let answering = parts.questions.run(Arc::clone(&self.broker), clock.clone(), shutdown.clone());
        tasks.spawn(watched("answering", answering.boxed()));
        if let Some(handler) = parts.timers {
            let timers = TimerRunner { store: store.clone(), handler, clock };
            tasks.spawn(watched("timers", timers.run(self.store.timer_signal(), shutdown.clone()).boxed()));
        }
        let (environment, until) = (self.clone(), shutdown.clone());
        let upkeep = async move {
            let revocations = parts.auth.revocations();
            let refresh =
                revocations.refresh_loop(&*store, REVOCATION_POLL, &environment.clock, until.clone());
            tokio::join!(refresh, environment.prune(&until), environment.count(&until));
        };
        tasks.spawn(watched("upkeep", upkeep.boxed()));
    }

    /// Tells the metrics how many events wait in the outbox, and how many messages could not be handled.
    async fn count(&self, shutdown: &CancellationToken) {
        let (store, service) = (self.store.messaging(), self.service.name());
        let mut every = tokio::time::interval(COUNT_EVERY);
        while shutdown.run_until_cancelled(every.tick()).await.is_some() {
            // An outage shows in the readiness; here it only leaves the last figures standing.
            if let Ok(depth) = store.depth().await {
                #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
                metrics::gauge!("outbox_depth", "service" => service).set(depth as f64);
            }
            if let Ok(letters) = store.count_dead_letters().await {
                #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
                metrics::gauge!("dead_letters", "service" => service).set(letters as f64);
            }
        }
    }

    async fn prune(&self, shutdown: &CancellationToken) {
        let store = self.store.messaging();
        let mut every = tokio::time::interval(PRUNE_EVERY);
        while shutdown.run_until_cancelled(every.tick()).await.is_some() {
            let before = self.clock.now() - MEMORY;
            for pruned in [store.prune_inbox(before).await, store.prune_idempotency(before).await] {
                if let Err(error) = pruned {
                    tracing::warn!(service = %self.service, %error, "old rows could not be removed");
                }
            }
        }
    }

    /// What the routes of this service know of it.
    #[must_use]
    pub fn http(&self, auth: &Arc<Auth>) -> Arc<ServiceHttp> {
        Arc::new(ServiceHttp::new(self.service, self.instance.clone(), Arc::clone(auth)))
    }

    /// Whether the store and the broker can be reached.
    #[must_use]
    pub fn checks(&self) -> Vec<Arc<dyn HealthCheck>> {
        vec![Arc::new(StoreCheck(self.store.clone())), Arc::new(BrokerCheck(Arc::clone(&self.broker)))]
    }
}

/// `task`, which cancels `shutdown` if it ends or panics before that.
async fn watched(
    service: Service,
    name: &'static str,
    task: BoxFuture<'static, ()>,
    shutdown: CancellationToken,
) {
    let panicked = AssertUnwindSafe(task).catch_unwind().await.is_err();
    if panicked || !shutdown.is_cancelled() {
        tracing::error!(%service, task = name, panicked, "a part of the service has ended by itself");
        shutdown.cancel();
    }
}

/// The part of a service that talks to the broker.
pub struct Messaging {
    /// See [`Parts::auth`].
    pub auth: Arc<Auth>,
    /// See [`Parts::events`].
    pub events: EventRouter,
    /// See [`Parts::questions`].
    pub questions: RpcRouter,
    /// See [`Parts::timers`].
    pub timers: Option<Arc<dyn TimerHandler>>,
}

struct KeysByRpc(RpcClient);

#[async_trait]
impl KeySource for KeysByRpc {
    async fn keys(&self) -> Result<PublicKeySet, RpcError> {
        self.0.ask(&PublicKeys {}).await
    }
}

struct StoreCheck(Store);

#[async_trait]
impl HealthCheck for StoreCheck {
    fn name(&self) -> &'static str {
        "store"
    }

    async fn check(&self) -> Result<(), String> {
        self.0.check().await.map_err(|error| match error {
            StoreError::Unavailable(_) => "cannot be reached".to_owned(),
            StoreError::Failed(_) => "does not answer as it should".to_owned(),
        })
    }
}

struct BrokerCheck(Arc<dyn Broker>);

#[async_trait]
impl HealthCheck for BrokerCheck {
    fn name(&self) -> &'static str {
        "broker"
    }

    async fn check(&self) -> Result<(), String> {
        self.0.check().await.map_err(|_| "cannot be reached".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shuts_down(task: impl Future<Output = ()> + Send + 'static) -> bool {
        let shutdown = CancellationToken::new();
        watched(Service::Shopping, "relay", task.boxed(), shutdown.clone()).await;
        shutdown.is_cancelled()
    }

    #[tokio::test]
    async fn a_part_that_ends_by_itself_takes_the_rest_with_it() {
        assert!(shuts_down(async {}).await);
        assert!(shuts_down(async { panic!("out of luck") }).await);
    }

    #[tokio::test]
    async fn a_part_that_goes_on_is_left_alone() {
        let shutdown = CancellationToken::new();
        let until = shutdown.clone();
        let part = tokio::spawn(watched(
            Service::Shopping,
            "relay",
            async move { until.cancelled().await }.boxed(),
            shutdown.clone(),
        ));
        tokio::task::yield_now().await;
        assert!(!shutdown.is_cancelled());
        shutdown.cancel();
        part.await.unwrap();
    }
}
