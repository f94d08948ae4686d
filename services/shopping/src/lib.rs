//! The shopping service: carts, wishlists, orders, and the checkout.
//!
//! | where | what |
//! |---|---|
//! | [`domain`] | carts and orders, without I/O |
//! | [`checkout`] | the saga: from an order and what happened to it to what follows |
//! | [`commands`], [`queries`] | one file for each thing that people do, or look at |
//! | [`handlers`] | what the other services send |
//! | [`store`] | what is kept, one transaction a method |
//! | [`http`] | the routes; the only module that knows Rocket |

pub mod checkout;
pub mod commands;
pub mod domain;
pub mod handlers;
pub mod http;
pub mod queries;
pub mod store;

mod app;
mod progress;

use std::sync::Arc;

use platform::{
    service::{Environment, Parts},
    store::Migrations,
};

pub use app::Shopping;

mod for_sqlite {
    refinery::embed_migrations!("migrations/sqlite");
}

mod for_postgres {
    refinery::embed_migrations!("migrations/postgres");
}

/// The schema.
#[must_use]
pub fn migrations() -> Migrations {
    Migrations { sqlite: for_sqlite::migrations::runner(), postgres: for_postgres::migrations::runner() }
}

/// The service in `environment`.
#[must_use]
pub fn build(environment: &Environment) -> Parts {
    let store = store::open(&environment.store);
    let shopping = Arc::new(Shopping::new(store, environment.rpc.clone(), environment.clock.clone()));
    let auth = environment.auth(environment.keys_by_rpc());
    Parts {
        routes: http::routes(),
        openapi: http::openapi(),
        events: handlers::events(environment.event_router(&auth), &shopping, &auth),
        questions: handlers::questions(&shopping),
        timers: Some(Arc::new(handlers::CheckoutTimer(Arc::clone(&shopping)))),
        state: Box::new(move |rocket| rocket.manage(shopping)),
        auth,
    }
}
