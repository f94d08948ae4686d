//! How far a consumer group has come, as everybody sees it who knows Kafka.

use std::time::Duration;

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaResult,
};
use testkit::eventually;

/// How long a broker may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Waits until products has committed all that shopping has published, at the cluster with these `servers`. An effect may be
/// there before that: what comes again is settled later, and one partition after the other.
pub async fn all_is_committed(servers: &str) {
    let group: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", servers)
        .set("group.id", "mercato.products")
        .create()
        .unwrap();
    eventually("all is committed", || async { behind(&group).ok().filter(|behind| *behind == 0) }).await;
}

/// How many events are not committed.
fn behind(group: &BaseConsumer) -> KafkaResult<i64> {
    let topic = "mercato.events.shopping";
    let metadata = group.fetch_metadata(Some(topic), ANSWER)?;
    let mut partitions = TopicPartitionList::new();
    for partition in metadata.topics()[0].partitions() {
        partitions.add_partition(topic, partition.id());
    }
    let mut behind = 0;
    for partition in group.committed_offsets(partitions, ANSWER)?.elements() {
        let (_, end) = group.fetch_watermarks(topic, partition.partition(), ANSWER)?;
        behind += match partition.offset() {
            Offset::Offset(offset) => end - offset,
            _ => end,
        };
    }
    Ok(behind)
}
