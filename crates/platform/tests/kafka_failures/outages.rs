//! Brokers that are away. This cluster keeps what it has confirmed.

use std::time::{Duration, Instant};

use contracts::{OrderId, Service, Timestamp};
use platform::{
    messaging::{Envelope, RpcCall},
    trace::TraceContext,
};
use testkit::{eventually, within};

use super::{
    cluster::{Cluster, Flow, PARTITIONS, RECOVERY},
    world::placed,
};

/// How long after the cluster's return publishing may fail.
const BACK: Duration = Duration::from_secs(5);

fn question() -> RpcCall {
    RpcCall {
        service: Service::Products,
        method: "products.nothing".to_owned(),
        payload: b"null".as_slice().into(),
        deadline: Timestamp::now() + Duration::from_secs(1),
        trace: TraceContext::root(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_broker_of_three_that_goes_and_comes_stops_nothing() {
    let cluster = Cluster::start();
    let mut flow = Flow::start(&cluster).await;
    for broker in [1, 2, 3] {
        flow.place().await;
        cluster.mock.broker_down(broker).unwrap();
        // What a cluster's controller does.
        let next = broker % 3 + 1;
        for service in Service::ALL {
            for topic in [format!("mercato.events.{service}"), format!("mercato.rpc.{service}")] {
                for partition in 0..PARTITIONS {
                    cluster.mock.partition_leader(&topic, partition, Some(next)).unwrap();
                }
            }
        }
        for partition in 0..PARTITIONS {
            cluster.mock.partition_leader("mercato.replies", partition, Some(next)).unwrap();
        }
        let group = rdkafka::mocking::MockCoordinator::Group("mercato.products".to_owned());
        cluster.mock.coordinator(group, next).unwrap();
        flow.place().await;
        flow.arrives_within(RECOVERY).await;
        cluster.mock.broker_up(broker).unwrap();
    }
    flow.ends_settled(&cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_cluster_that_goes_and_comes_back_loses_nothing() {
    let cluster = Cluster::start();
    let mut flow = Flow::start(&cluster).await;
    flow.place().await;
    flow.arrives_within(RECOVERY).await;
    for _ in 0..2 {
        flow.place().await;
        cluster.mock.broker_down(-1).unwrap();
        flow.place().await;
        eventually("the outage is seen", || async { flow.relay.check().await.err() }).await;
        let event = Envelope::seal(&placed(OrderId::new(), 0), Timestamp::now());
        let begun = Instant::now();
        assert!(flow.relay.publish(&event).await.is_err());
        assert!(flow.relay.call(question()).await.is_err());
        assert!(begun.elapsed() < Duration::from_secs(4), "what is known to be away is not waited for");
        cluster.mock.broker_up(-1).unwrap();
        let took = flow.publishes().await;
        eprintln!("published {took:?} after the cluster's return");
        assert!(took < BACK, "published {took:?} after the cluster's return");
        flow.arrives_within(RECOVERY).await;
    }
    flow.ends_settled(&cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_are_answered_again_when_the_partition_of_the_answers_has_a_leader_again() {
    let cluster = Cluster::start();
    let (asker, server) = (cluster.connect().await, cluster.connect().await);
    let answering = tokio::spawn(async move {
        loop {
            let Ok(mut questions) = server.serve(Service::Products, 8).await else { continue };
            while let Some(question) = questions.recv().await {
                question.reply.send(Ok(question.call.payload)).ok();
            }
        }
    });
    let answered = || async { asker.call(question()).await.ok() };
    let led_by = |leader| {
        for partition in 0..PARTITIONS {
            cluster.mock.partition_leader("mercato.replies", partition, Some(leader)).unwrap();
        }
    };
    led_by(1);
    eventually("a question is answered", answered).await;
    led_by(3);
    cluster.mock.broker_down(3).unwrap();
    eventually("no question is answered", || async { asker.call(question()).await.err() }).await;
    led_by(2);
    let begun = Instant::now();
    within(RECOVERY, "a question is answered again", answered).await;
    eprintln!("answered again after {:?}", begun.elapsed());
    answering.abort();
}
