//! What nginx does with the configuration in `deploy/gateway`, before instances that are stubs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod clients;
mod instances;
mod requests;
mod stub;
mod tls;
mod wire;

use contracts::Service;
use testkit::{
    Client, Front,
    servers::{Gateway, Nginx},
};

use stub::Stub;

/// A gateway before these instances of products, the first of which is every other service, too. Nobody is limited, and
/// nothing is cached.
fn before(instances: &[&Stub]) -> Gateway {
    let gateway = Gateway::new().set("CACHE", "off").set("UNLIMITED", "127.0.0.0/8").set("WORKERS", "2");
    let first = instances.first().map(|stub| stub.address());
    let with = |gateway: Gateway, service| gateway.instances(service, first);
    let gateway = Service::ALL.into_iter().fold(gateway, with);
    gateway.instances(Service::Products, instances.iter().map(|stub| stub.address()))
}

async fn start(gateway: Gateway) -> (Nginx, Client) {
    let nginx = Nginx::start(gateway).await.unwrap_or_else(|error| panic!("{error}"));
    let client = Client::new(&Front::new(nginx.url()));
    (nginx, client)
}
