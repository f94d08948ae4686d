//! A relay that stands still for longer than it may hold its rows.

use std::time::Duration;

use testkit::{
    chaos::{Act, Fault, Faults, Plan, Shape, fault::Server},
    servers::Weather,
};

use crate::plan;

/// The first instance of products, behind two of customer.
pub const PRODUCTS: usize = 2;
/// The first of shopping.
pub const SHOPPING: usize = 4;
/// The first of payment.
pub const PAYMENT: usize = 6;

/// An instance that stands still for longer than the lease of its relay, while events are on their way from it: the broker is
/// slow, so that there are some at any moment.
pub fn paused_past_its_lease(shape: Shape) -> Plan {
    let slow = Weather::Latency(Duration::from_millis(200));
    let slow = Fault::Network { server: Server::Broker, weather: slow };
    let act = Act {
        calm: Duration::from_secs(1),
        faults: vec![slow, Fault::Pause { instance: SHOPPING }],
        lasts: Duration::from_secs(10),
    };
    Plan { faults: Faults::Listed(vec![act]), ..plan(shape, Duration::from_secs(10)) }
}
