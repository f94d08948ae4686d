//! A deliberate mistake: payment asks the provider under another key each time, so that asking again is not harmless.

use std::sync::Arc;

use async_trait::async_trait;
use contracts::{Money, OrderId, Service};
use payment::{
    Payments,
    domain::Operation,
    handlers,
    provider::{
        Authorisation, Key, Provider, ProviderError, Voiding,
        sandbox::{self, Sandbox},
    },
};
use platform::{
    messaging::RpcRouter,
    service::{Environment, Messaging},
};

/// What payment is made of, with the mistake in it.
pub(super) fn payment(environment: &Environment) -> Messaging {
    let (clock, settings) = (environment.clock.clone(), payment::Settings::default());
    let sandbox = Sandbox::new(sandbox::open(&environment.store), clock.clone(), settings.sandbox_slow);
    let store = payment::store::open(&environment.store);
    let payments = Payments::new(store, Arc::new(Rekeying(sandbox)), clock, settings.provider_timeout);
    let (auth, payments) = (environment.auth(environment.keys_by_rpc()), Arc::new(payments));
    Messaging {
        events: handlers::on(environment.event_router(&auth), &payments),
        questions: RpcRouter::new(Service::Payment),
        timers: Some(Arc::new(handlers::SettleTimer(payments))),
        auth,
    }
}

struct Rekeying(Sandbox);

#[async_trait]
impl Provider for Rekeying {
    async fn authorise(
        &self,
        _: &Key,
        order_id: OrderId,
        amount: Money,
        token: &str,
    ) -> Result<Authorisation, ProviderError> {
        let another = Key::of(OrderId::new(), Operation::Authorise);
        self.0.authorise(&another, order_id, amount, token).await
    }

    async fn capture(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<(), ProviderError> {
        self.0.capture(key, order_id, amount).await
    }

    async fn void(&self, key: &Key, order_id: OrderId) -> Result<Voiding, ProviderError> {
        self.0.void(key, order_id).await
    }

    async fn refund(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<(), ProviderError> {
        self.0.refund(key, order_id, amount).await
    }
}
