//! The shop from outside: what people do in it, through the gateway, against the real binary with real databases.
//!
//! `MERCATO_SHAPE` says of which shape the shop is (`testkit::Shape`). An embedded one is started for each test; one on
//! PostgreSQL and RabbitMQ is there for all tests of a run, hence the tests that start or end the shop itself, in `kill` and
//! `startup`, are for the embedded shape only: `cargo xtask test` leaves them out of the others.

mod accounts;
mod authorisation;
mod bad_input;
mod catalogue;
mod deleted_customer;
mod documents;
mod front_page;
mod guest;
mod kill;
mod last_unit;
mod payment_tokens;
mod production_mode;
mod shopper;
mod staff;
mod startup;

use testkit::{Mercato, Shop};

/// The binary under test.
fn mercato() -> Mercato {
    Mercato::new(env!("CARGO_BIN_EXE_mercato"))
}

/// A shop that has just been opened.
async fn shop() -> Shop {
    Shop::start_with(mercato()).await
}
