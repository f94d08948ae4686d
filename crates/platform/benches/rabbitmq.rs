//! How much goes through RabbitMQ, how fast, and how soon again after an outage:
//! `cargo bench -p platform --features real-servers --bench rabbitmq`. Prints a line for each figure; a private node shares
//! the machine with its clients.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it prints figures, or ends")]

mod figures;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use platform::messaging::Broker;
use testkit::{eventually, servers::RabbitMq};

use self::figures::{client, event, measure};

#[tokio::main]
async fn main() {
    let mut node = RabbitMq::start().await.unwrap();
    measure(&node.url()).await;
    let broker = client(&node.url()).await;
    recovery(&mut node, &broker).await;
}

async fn recovery(node: &mut RabbitMq, broker: &Arc<dyn Broker>) {
    let mut took = Vec::new();
    for _ in 0..3 {
        node.kill();
        eventually("the outage is seen", || async { broker.check().await.err() }).await;
        node.restart().await.unwrap();
        let back = Instant::now();
        while broker.publish(&event()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        took.push(back.elapsed());
    }
    println!("published again after the broker's return: {took:?}");
}
