//! What is measured alike on every broker. Each figure is a line.

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
    messaging::{Broker, Delivery, Envelope, RpcCall, connect},
    trace::TraceContext,
};
use testkit::eventually;
use tokio::sync::mpsc;

/// How long is asked, since brokers differ by how long an answer takes.
const ASKING: Duration = Duration::from_secs(5);

/// Measures the broker at `url`: publishing, consuming, both at once, and asking.
pub async fn measure(url: &str) {
    let (one, other) = (client(url).await, client(url).await);
    publishing(&one, 1, 1_000).await;
    publishing(&one, 200, 20_000).await;
    publishing(&one, 800, 20_000).await;
    consuming(&other, 41_000).await;
    both(&one, &other, 20_000).await;
    other.leave().await;
    passing(&one, &other, 500).await;
    asking(&one, &other).await;
}

/// A client of the broker at `url`, once it is connected.
pub async fn client(url: &str) -> Arc<dyn Broker> {
    let broker = connect(url, &Clock::system()).unwrap();
    eventually("the broker can be reached", || async { broker.check().await.ok() }).await;
    broker
}

/// An event of half a kibibyte that products alone consumes.
pub fn event() -> Envelope {
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

/// The deliveries to products, once it is settled who gets them.
async fn subscribed(broker: &Arc<dyn Broker>) -> mpsc::Receiver<Delivery> {
    let deliveries = broker.subscribe(Service::Products, 256).await.unwrap();
    eventually("it has its share", || async { broker.check().await.ok() }).await;
    deliveries
}

async fn consume(mut deliveries: mpsc::Receiver<Delivery>, count: usize) {
    for _ in 0..count {
        deliveries.recv().await.unwrap().settle();
    }
}

async fn consuming(broker: &Arc<dyn Broker>, count: usize) {
    let deliveries = subscribed(broker).await;
    let begun = Instant::now();
    consume(deliveries, count).await;
    say("consumed, window 256", count, begun.elapsed());
    broker.leave().await;
}

async fn both(publisher: &Arc<dyn Broker>, consumer: &Arc<dyn Broker>, count: usize) {
    let deliveries = subscribed(consumer).await;
    let begun = Instant::now();
    tokio::join!(publish(publisher, 200, count), consume(deliveries, count));
    say("published and consumed, 200 at a time", count, begun.elapsed());
}

/// From the call that publishes one to its delivery, when nothing else is under way.
async fn passing(publisher: &Arc<dyn Broker>, consumer: &Arc<dyn Broker>, count: usize) {
    let mut deliveries = subscribed(consumer).await;
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let (event, begun) = (event(), Instant::now());
        let (published, delivered) = tokio::join!(publisher.publish(&event), deliveries.recv());
        published.unwrap();
        assert_eq!(delivered.unwrap().settle().id, event.id);
        took.push(begun.elapsed());
    }
    let (p50, p99) = percentiles(took);
    println!("one event at a time, to its delivery and its confirm: p50 {p50:?}, p99 {p99:?}");
    drop(deliveries);
    consumer.leave().await;
}

fn percentiles(mut took: Vec<Duration>) -> (Duration, Duration) {
    took.sort_unstable();
    (took[took.len() / 2], took[took.len() * 99 / 100])
}

async fn asking(asker: &Arc<dyn Broker>, server: &Arc<dyn Broker>) {
    let mut questions = server.serve(Service::Products, 256).await.unwrap();
    tokio::spawn(async move {
        while let Some(question) = questions.recv().await {
            question.reply.send(Ok(question.call.payload)).ok();
        }
    });
    for callers in [1, 64] {
        let begun = Instant::now();
        let took = join_all((0..callers).map(|_| ask(asker, begun + ASKING))).await;
        let elapsed = begun.elapsed();
        let took: Vec<Duration> = took.into_iter().flatten().collect();
        let count = took.len();
        let (p50, p99) = percentiles(took);
        say(&format!("asked by {callers}, p50 {p50:?}, p99 {p99:?}"), count, elapsed);
    }
}

async fn ask(broker: &Arc<dyn Broker>, until: Instant) -> Vec<Duration> {
    let mut took = Vec::new();
    while Instant::now() < until {
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
