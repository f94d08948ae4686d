//! How much goes through RabbitMQ, and how fast: `cargo bench -p platform --features real-servers --bench rabbitmq`.
//! Prints a line for each figure; a private node shares the machine with its clients.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it prints figures, or ends")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use contracts::{
    OrderId, ProductId, Service, Timestamp,
    events::{OrderLine, OrderPlaced},
};
use futures::{StreamExt as _, future::join_all, stream};
use platform::{
    Clock,
    messaging::{Broker, Envelope, RpcCall, connect},
    trace::TraceContext,
};
use testkit::{eventually, servers::RabbitMq};

#[tokio::main]
async fn main() {
    let mut node = RabbitMq::start().await.unwrap();
    let (one, other) = (client(&node).await, client(&node).await);
    publishing(&one, 1, 1_000).await;
    publishing(&one, 200, 20_000).await;
    publishing(&one, 800, 20_000).await;
    consuming(&other, 41_000).await;
    both(&one, &other, 20_000).await;
    asking(&one, &other).await;
    recovery(&mut node, &one).await;
}

async fn client(node: &RabbitMq) -> Arc<dyn Broker> {
    let broker = connect(&node.url(), &Clock::system()).unwrap();
    eventually("the broker can be reached", || async { broker.check().await.ok() }).await;
    broker
}

/// An event of half a kibibyte that products alone consumes.
fn event() -> Envelope {
    let line = |_| OrderLine { product_id: ProductId::new(), quantity: 1 };
    let placed = OrderPlaced { order_id: OrderId::new(), lines: (0..8).map(line).collect() };
    Envelope::seal(&placed, Timestamp::now())
}

fn say(what: &str, count: usize, took: Duration) {
    println!("{what}: {:.0}/s", count as f64 / took.as_secs_f64());
}

async fn publish(broker: &Arc<dyn Broker>, at_a_time: usize, count: usize) {
    let events = stream::iter((0..count).map(|_| event()));
    events.for_each_concurrent(at_a_time, |event| async move { broker.publish(&event).await.unwrap() }).await;
}

async fn publishing(broker: &Arc<dyn Broker>, at_a_time: usize, count: usize) {
    let begun = Instant::now();
    publish(broker, at_a_time, count).await;
    say(&format!("published with confirm, {at_a_time} at a time"), count, begun.elapsed());
}

async fn consume(broker: &Arc<dyn Broker>, count: usize) {
    let mut deliveries = broker.subscribe(Service::Products, 256).await.unwrap();
    for _ in 0..count {
        deliveries.recv().await.unwrap().settle();
    }
}

async fn consuming(broker: &Arc<dyn Broker>, count: usize) {
    let begun = Instant::now();
    consume(broker, count).await;
    say("consumed, window 256", count, begun.elapsed());
}

async fn both(publisher: &Arc<dyn Broker>, consumer: &Arc<dyn Broker>, count: usize) {
    let begun = Instant::now();
    tokio::join!(publish(publisher, 200, count), consume(consumer, count));
    say("published and consumed, 200 at a time", count, begun.elapsed());
}

async fn asking(asker: &Arc<dyn Broker>, server: &Arc<dyn Broker>) {
    let mut questions = server.serve(Service::Products, 256).await.unwrap();
    tokio::spawn(async move {
        while let Some(question) = questions.recv().await {
            question.reply.send(Ok(question.call.payload)).ok();
        }
    });
    for callers in [1, 64] {
        let each = if callers == 1 { 3_000 } else { 500 };
        let begun = Instant::now();
        let took = join_all((0..callers).map(|_| ask(asker, each))).await;
        let elapsed = begun.elapsed();
        let mut took: Vec<Duration> = took.into_iter().flatten().collect();
        took.sort_unstable();
        let (p50, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
        say(&format!("asked by {callers}, p50 {p50:?}, p99 {p99:?}"), took.len(), elapsed);
    }
}

async fn ask(broker: &Arc<dyn Broker>, count: usize) -> Vec<Duration> {
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let call = RpcCall {
            service: Service::Products,
            method: "products.find".to_owned(),
            payload: b"{\"ids\":[]}".as_slice().into(),
            deadline: Timestamp::now() + Duration::from_secs(10),
            trace: TraceContext::root(),
        };
        let begun = Instant::now();
        broker.call(call).await.unwrap();
        took.push(begun.elapsed());
    }
    took
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
