//! The products service: the catalogue, its stock, and the reservations that orders hold of it.
//!
//! | module | what is in it |
//! |---|---|
//! | [`domain`] | what a product, a stock, a list and an order's demand are |
//! | [`commands`] | what staff do to the catalogue, one file each |
//! | [`queries`] | what there is to ask, one file each |
//! | [`handlers`] | what it does with events, questions and timers, one file each |
//! | [`store`] | the port to the database, and its adapters |
//! | [`http`] | its routes; Rocket is known only there |
//! | [`demo`] | the catalogue to try the shop with |

pub mod commands;
pub mod demo;
pub mod domain;
pub mod handlers;
pub mod http;
pub mod queries;
pub mod store;

mod products;

use std::sync::Arc;

use platform::{
    service::{Environment, Parts},
    store::Migrations,
};
use thiserror::Error;

pub use demo::{SeedError, demo_catalogue, seed};
pub use products::{Products, Settings};

mod for_sqlite {
    refinery::embed_migrations!("migrations/sqlite");
}

mod for_postgres {
    refinery::embed_migrations!("migrations/postgres");
}

/// The schema, for each kind of store.
#[must_use]
pub fn migrations() -> Migrations {
    Migrations { sqlite: for_sqlite::migrations::runner(), postgres: for_postgres::migrations::runner() }
}

/// Why the service cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// A reservation that lasts no time cannot be committed.
    #[error("a reservation has to last longer than no time: set reservation_ttl to at least a second")]
    NoTimeToPay,
}

/// Builds the service on what `environment` offers.
///
/// # Errors
/// [`StartError`] if `settings` make no sense.
pub fn build(environment: Environment, settings: Settings) -> Result<Parts, StartError> {
    if settings.reservation_ttl.is_zero() {
        return Err(StartError::NoTimeToPay);
    }
    let auth = environment.auth(environment.keys_by_rpc());
    let products =
        Arc::new(Products::new(store::open(&environment.store), environment.clock.clone(), settings));
    Ok(Parts {
        events: handlers::events(environment.event_router(&auth), &products),
        questions: handlers::questions(&products),
        timers: Some(handlers::timers(&products)),
        auth,
        routes: http::routes(),
        openapi: http::openapi(),
        state: Box::new(move |rocket| rocket.manage(products)),
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use contracts::{Service, subscriptions_of};
    use platform::{
        Clock,
        messaging::{MemoryBroker, RpcClient},
    };

    use super::*;

    async fn built(settings: Settings) -> Result<Parts, StartError> {
        let shop = store::shop().await;
        let broker = Arc::new(MemoryBroker::new(Clock::system()));
        let environment = Environment {
            service: Service::Products,
            instance: "products-1".into(),
            store: shop.opened,
            broker: broker.clone(),
            rpc: RpcClient::new(broker, Clock::system(), Duration::from_secs(1)),
            clock: Clock::system(),
        };
        build(environment, settings)
    }

    #[tokio::test]
    async fn every_event_that_is_subscribed_to_has_a_handler() {
        let parts = built(Settings::default()).await.unwrap();
        let handled: BTreeSet<_> = parts.events.handled().collect();
        assert_eq!(handled, subscriptions_of(Service::Products).iter().copied().collect());
    }

    #[tokio::test]
    async fn reservations_have_to_last_some_time() {
        let refused = built(Settings { reservation_ttl: Duration::ZERO }).await;
        assert_eq!(refused.err(), Some(StartError::NoTimeToPay));
    }
}
