//! The shop from outside: what people do in it, through the gateway, against the real binary with real databases.
//!
//! Each test starts a shop of its own. `MERCATO_SHAPE` says of which shape (`testkit::Shape`).

mod accounts;
mod bad_input;
mod catalogue;
mod deleted_customer;
mod documents;
mod guest;
mod kill;
mod last_unit;
mod payment_tokens;
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
