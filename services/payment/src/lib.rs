//! The payment service: one payment an order, through a payment provider.
//!
//! | module | what is in it |
//! |---|---|
//! | [`domain`] | what each message and each answer of the provider does to a payment |
//! | [`provider`] | the port to the provider, and the sandbox with its own ledger |
//! | [`store`] | payment's own books |
//! | [`handlers`] | the messages of a checkout, and the timer |
//! | [`commands`] | asking the provider for what it is still to do |
//! | [`queries`] | one payment |
//! | [`http`] | the routes |
//!
//! Money moves at the provider and is written down here, and there is no transaction over both. So what is to happen is
//! written down first, the provider is asked with a key that makes asking twice harmless, and a timer asks until there
//! is an answer. The exception is an authorisation: there the message itself comes again until there is one.

// Before the others, for its macro.
#[cfg(test)]
#[macro_use]
mod fixture;

pub mod commands;
pub mod domain;
pub mod handlers;
pub mod http;
pub mod provider;
pub mod queries;
pub mod settings;
pub mod store;

mod payments;

use std::sync::Arc;

use contracts::Service;
use platform::{
    messaging::RpcRouter,
    service::{Environment, Parts},
    store::Migrations,
};

pub use payments::Payments;
pub use settings::Settings;

use provider::sandbox::{self, Sandbox};

mod for_sqlite {
    refinery::embed_migrations!("migrations/sqlite");
}

mod for_postgres {
    refinery::embed_migrations!("migrations/postgres");
}

/// The schema of this service, for each kind of store.
#[must_use]
pub fn migrations() -> Migrations {
    Migrations { sqlite: for_sqlite::migrations::runner(), postgres: for_postgres::migrations::runner() }
}

/// The service, over what `environment` gives it.
#[must_use]
pub fn build(environment: &Environment, settings: Settings) -> Parts {
    let clock = environment.clock.clone();
    let ledger = sandbox::open(&environment.store);
    let provider = Arc::new(Sandbox::new(ledger, clock.clone(), settings.sandbox_slow));
    let store = store::open(&environment.store);
    let payments = Arc::new(Payments::new(store, provider, clock, settings.provider_timeout));

    let auth = environment.auth(environment.keys_by_rpc());
    let events = handlers::on(environment.event_router(&auth), &payments);
    let timers = handlers::SettleTimer(Arc::clone(&payments));
    Parts {
        auth,
        routes: http::routes(),
        openapi: http::openapi(),
        state: Box::new(move |rocket| rocket.manage(payments)),
        events,
        questions: RpcRouter::new(Service::Payment),
        timers: Some(Arc::new(timers)),
    }
}
