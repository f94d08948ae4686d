//! RabbitMQ beside a broker that speaks Kafka's protocol, in one run:
//! `cargo bench -p platform --features kafka,real-servers --bench brokers`. Prints a line for each figure. Each broker is
//! alone while it is measured, and shares the machine with its clients; the second keeps nothing on disk, and is not Apache
//! Kafka.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it prints figures, or ends")]

mod figures;

use testkit::servers::{Kafka, RabbitMq};

use self::figures::measure;

#[tokio::main]
async fn main() {
    println!("RabbitMQ");
    let node = RabbitMq::start().await.unwrap();
    measure(&node.url()).await;
    drop(node);
    println!("Kafka's protocol, in memory");
    let node = Kafka::start().await.unwrap();
    measure(&node.url()).await;
}
