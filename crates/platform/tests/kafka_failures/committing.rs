//! A coordinator that does not take, or does not know, how far a consumer is.

use contracts::Service;
use rdkafka::{
    mocking::MockCoordinator,
    types::{RDKafkaApiKey, RDKafkaRespErr as Error},
};

use testkit::eventually;
use tokio::time::timeout;

use super::cluster::{Cluster, Flow, RECOVERY};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_committed_now_is_committed_later() {
    for refusal in [
        Error::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
        Error::RD_KAFKA_RESP_ERR_UNKNOWN,
        Error::RD_KAFKA_RESP_ERR__TRANSPORT,
    ] {
        let cluster = Cluster::start();
        let mut flow = Flow::start(&cluster).await;
        flow.place().await;
        flow.arrives_within(RECOVERY).await;
        cluster.mock.request_errors(RDKafkaApiKey::OffsetCommit, &[refusal; 3]);
        flow.place().await;
        flow.arrives_within(RECOVERY).await;
        flow.ends_settled(&cluster).await;
    }
}

/// Before the first event of a partition is handed out it is written down that somebody begins there. The event must not be
/// passed over if that fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_beginning_that_cannot_be_written_down_skips_nothing() {
    for refusal in [
        Error::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
        Error::RD_KAFKA_RESP_ERR_UNKNOWN,
        Error::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
    ] {
        let cluster = Cluster::start();
        let mut flow = Flow::start(&cluster).await;
        cluster.mock.request_errors(RDKafkaApiKey::OffsetCommit, &[refusal; 2]);
        flow.place().await;
        flow.arrives_within(RECOVERY).await;
        flow.ends_settled(&cluster).await;
    }
}

/// librdkafka gives up a partition whose committed offset it cannot read, and says nothing more about it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_cannot_learn_how_far_it_was_does_not_stand_still() {
    let cluster = Cluster::start();
    let refusals = [Error::RD_KAFKA_RESP_ERR_UNKNOWN];
    cluster.mock.request_errors(RDKafkaApiKey::OffsetFetch, &refusals);
    let mut flow = Flow::start(&cluster).await;
    flow.place().await;
    flow.arrives_within(2 * RECOVERY).await;
    flow.ends_settled(&cluster).await;
}

/// It is asked for once more when the first event comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_event_at_which_it_cannot_be_learned_how_far_we_were_is_not_skipped() {
    for refusal in [Error::RD_KAFKA_RESP_ERR_UNKNOWN, Error::RD_KAFKA_RESP_ERR_NOT_COORDINATOR] {
        let cluster = Cluster::start();
        let mut flow = Flow::start(&cluster).await;
        eventually("it asks for partitions", || async { flow.consumer.check().await.err() }).await;
        eventually("it has partitions", || async { flow.consumer.check().await.ok() }).await;
        cluster.mock.request_errors(RDKafkaApiKey::OffsetFetch, &[refusal; 2]);
        flow.place().await;
        flow.arrives_within(2 * RECOVERY).await;
        cluster.mock.clear_request_errors(RDKafkaApiKey::OffsetFetch);
        flow.ends_settled(&cluster).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_moves_to_another_coordinator_goes_on() {
    let cluster = Cluster::start();
    let mut flow = Flow::start(&cluster).await;
    for coordinator in [1, 2, 3] {
        let group = MockCoordinator::Group("mercato.products".to_owned());
        cluster.mock.coordinator(group, coordinator).unwrap();
        flow.place().await;
        flow.arrives_within(RECOVERY).await;
    }
    flow.ends_settled(&cluster).await;
}

/// librdkafka joins the group again for as long as it is told that partitions are being given out, and the one who asks here
/// would wait with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_does_not_come_to_rest_ends_the_session_and_the_next_one_joins_it() {
    let cluster = Cluster::start();
    let broker = cluster.connect().await;
    let endless = [Error::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS; 100_000];
    cluster.mock.request_errors(RDKafkaApiKey::SyncGroup, &endless);
    let mut deliveries = broker.subscribe(Service::Products, 4).await.unwrap();
    let ended = timeout(3 * RECOVERY, deliveries.recv()).await;
    assert!(ended.expect("who cannot get partitions gives that up").is_none());
    cluster.mock.clear_request_errors(RDKafkaApiKey::SyncGroup);
    let mut flow = Flow::start(&cluster).await;
    flow.place().await;
    flow.arrives_within(RECOVERY).await;
    flow.ends_settled(&cluster).await;
}
