//! The proof has to be able to fail. Tests here take one safeguard of the shop's away, and show that the checker says exactly
//! which promise is broken then; with all of them it says nothing. And what the proof has found stays found.
//!
//! The binary under test can be broken on purpose (the cargo feature `chaos`): `cargo xtask test` builds it and runs these.

mod crashes;
mod embedded;
#[cfg(all(feature = "kafka", feature = "real-servers"))]
mod kafka;
#[cfg(feature = "real-servers")]
mod lease;
#[cfg(feature = "real-servers")]
mod rabbitmq;
mod safeguards;

use std::time::Duration;

use testkit::chaos::{self, Faults, Plan, Report, Shape};

/// A run on a shop of this shape, without any faults but some disorder among its events.
fn plan(shape: Shape, length: Duration) -> Plan {
    let plan = Plan::new(env!("CARGO_BIN_EXE_mercato"), shape, 1, length);
    Plan { disorder: 0.3, scarce: 3, faults: Faults::Listed(Vec::new()), ..plan }
}

async fn run(plan: &Plan) -> Report {
    let report = chaos::run(plan, |what| eprintln!("{what}")).await.expect("a run");
    eprintln!("{report}");
    let orders: u64 = report.orders.values().sum();
    assert!(orders > 10, "only {orders} orders: the shop was never under load");
    report
}
