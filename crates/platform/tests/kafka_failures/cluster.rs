//! A mock of a cluster, and who is connected to it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use contracts::{OrderId, Service, Timestamp};
use platform::{
    Clock,
    messaging::{Broker, Envelope, connect},
};
use rdkafka::{mocking::MockCluster, producer::DefaultProducerContext};
use testkit::{eventually, within};
use tokio::time::Instant;

use super::{
    group::all_is_committed,
    world::{Peer, Process, placed, sound},
};

/// Partitions of each topic.
pub const PARTITIONS: i32 = 4;
/// How long after a failure events may wait: a joining of a group, and a new session with its rests.
pub const RECOVERY: Duration = Duration::from_secs(20);

/// A cluster of three brokers with the shop's topics.
pub struct Cluster {
    pub mock: MockCluster<'static, DefaultProducerContext>,
    partitions: i32,
}

impl Cluster {
    pub fn start() -> Self {
        Self::of(PARTITIONS)
    }

    /// The same with so many partitions of each topic.
    pub fn of(partitions: i32) -> Self {
        let mock = MockCluster::new(3).unwrap();
        for service in Service::ALL {
            for topic in [format!("mercato.events.{service}"), format!("mercato.rpc.{service}")] {
                mock.create_topic(&topic, partitions, 3).unwrap();
            }
        }
        mock.create_topic("mercato.replies", partitions, 3).unwrap();
        Self { mock, partitions }
    }

    pub fn url(&self) -> String {
        format!("kafka://{}/?partitions={}", self.mock.bootstrap_servers(), self.partitions)
    }

    /// A client of it, once it is connected.
    pub async fn connect(&self) -> Arc<dyn Broker> {
        let broker = connect(&self.url(), &Clock::system()).unwrap();
        eventually("the cluster can be reached", || async { broker.check().await.ok() }).await;
        broker
    }
}

/// Orders on their way from shopping to products, through a client each.
pub struct Flow {
    pub relay: Arc<dyn Broker>,
    pub consumer: Arc<dyn Broker>,
    shopping: Peer,
    products: Peer,
    processes: [Process; 2],
    placed: HashMap<OrderId, u32>,
}

impl Flow {
    pub async fn start(cluster: &Cluster) -> Self {
        let (relay, consumer) = (cluster.connect().await, cluster.connect().await);
        let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
        let relaying = Process::start().relay(&shopping, &relay);
        let consuming = Process::start().consume(&products, &consumer, sound(&products));
        Self { relay, consumer, shopping, products, processes: [relaying, consuming], placed: HashMap::new() }
    }

    /// Ten orders, each placed ten times.
    pub async fn place(&mut self) {
        for _ in 0..10 {
            let order = OrderId::new();
            self.placed.insert(order, 10);
            self.shopping.place(order, 0..10).await;
        }
    }

    /// Publishes an event, past the outbox, until it is confirmed, and says how long that took.
    pub async fn publishes(&mut self) -> Duration {
        let order = OrderId::new();
        self.placed.insert(order, 1);
        let event = Envelope::seal(&placed(order, 0), Timestamp::now());
        let begun = Instant::now();
        within(RECOVERY, "a confirmed event", || async { self.relay.publish(&event).await.ok() }).await;
        begun.elapsed()
    }

    /// Waits until all that was placed has taken effect, for at most `limit`; then it has once, and in order.
    pub async fn arrives_within(&self, limit: Duration) {
        let expected: usize = self.placed.values().map(|count| *count as usize).sum();
        let begun = Instant::now();
        let effects = within(limit, &format!("{expected} effects"), || async {
            let effects = self.products.effects().await;
            (effects.len() >= expected).then_some(effects)
        })
        .await;
        eprintln!("all {expected} had taken effect after {:?}", begun.elapsed());
        let mut next: HashMap<OrderId, u32> = HashMap::new();
        for (order, n) in effects {
            let expected = next.entry(order).or_default();
            assert_eq!(n, *expected, "order {order} out of order, or twice");
            *expected += 1;
        }
        assert_eq!(next, self.placed, "each took effect as often as it was placed");
        self.shopping.drained().await;
    }

    /// Waits until all of it is committed, stops, and shows that it is: whoever comes next gets what is published next, and nothing before it.
    pub async fn ends_settled(self, cluster: &Cluster) {
        all_is_committed(&cluster.mock.bootstrap_servers()).await;
        for process in self.processes {
            process.stop().await;
        }
        self.consumer.leave().await;
        let (publisher, consumer) = (cluster.connect().await, cluster.connect().await);
        let mut deliveries = consumer.subscribe(Service::Products, 256).await.unwrap();
        let next = Envelope::seal(&placed(OrderId::new(), 0), Timestamp::now());
        publisher.publish(&next).await.unwrap();
        let delivery = tokio::time::timeout(RECOVERY, deliveries.recv());
        let delivery = delivery.await.expect("the next event").expect("a stream");
        assert_eq!(delivery.settle().id, next.id);
    }
}
