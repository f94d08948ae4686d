//! Reading retained events again: a consumer group is set back to where it was at some time.

use std::time::Duration;

use contracts::{Service, Timestamp};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{CommitMode, Consumer as _},
    error::KafkaResult,
};
use tokio_util::sync::CancellationToken;

use super::{
    address::Address,
    clients,
    consuming::sources_of,
    context::{Context, GroupContext},
    waiting::wait_for,
};
use crate::messaging::end::End;

/// How long the cluster may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How many events of a client are looked at for a reason.
const EVENTS: u32 = 32;

/// Sets the group of `consumer` back to the first event that was published at `since` or later. Where it is not as far as
/// that, it stays.
///
/// # Returns
/// How many events come again.
///
/// # Errors
/// Why it cannot: above all that an instance of the service runs.
pub(super) async fn replay(url: &str, consumer: Service, since: Timestamp) -> Result<u64, String> {
    let address = Address::parse(url)?;
    let set_back = wait_for(move || set_back(&address, consumer, since));
    set_back.await.map_err(|error| error.to_string())?
}

fn set_back(address: &Address, service: Service, since: Timestamp) -> Result<u64, String> {
    let group = address.names.consumers_of(service);
    let end = End::default();
    let context = Context::new(end.clone());
    let member = GroupContext::new(context.clone(), CancellationToken::new());
    let consumer = clients::reader(address, &group, member).map_err(reason)?;
    // The client is told why it cannot connect when it is asked for events.
    let why = |error| {
        let told = (0..EVENTS).map(|_| consumer.poll(Duration::ZERO)).any(|_| !end.reason().is_empty());
        if told { end.reason().to_owned() } else { context.explain(&reason(error)) }
    };

    let members = consumer.fetch_group_list(Some(&group), ANSWER).map_err(why)?;
    if members.groups().iter().any(|found| found.name() == group && !found.members().is_empty()) {
        return Err(format!("an instance of {service} is running: stop all of them first"));
    }
    let topics = sources_of(service).map(|source| address.names.events_of(source));
    let mut places = TopicPartitionList::new();
    for topic in topics {
        let metadata = consumer.fetch_metadata(Some(&topic), ANSWER).map_err(reason)?;
        for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
            places.add_partition(&topic, partition.id());
        }
    }
    if places.count() == 0 {
        return Err(format!("{service} consumes no events"));
    }
    let committed = consumer.committed_offsets(places.clone(), ANSWER).map_err(reason)?;
    let at = Offset::Offset(since.as_micros().div_euclid(1_000));
    places.set_all_offsets(at).map_err(reason)?;
    let targets = consumer.offsets_for_times(places, ANSWER).map_err(reason)?;
    let (back, again) = earlier(&targets, &committed).map_err(reason)?;
    if back.count() > 0 {
        consumer.commit(&back, CommitMode::Sync).map_err(|error| {
            format!("{error}: if an instance of {service} was running just now, wait ten seconds")
        })?;
    }
    Ok(again)
}

/// Those of `targets` that lie before what is `committed`, and how many events there are in between.
fn earlier(
    targets: &TopicPartitionList,
    committed: &TopicPartitionList,
) -> KafkaResult<(TopicPartitionList, u64)> {
    let (mut back, mut again) = (TopicPartitionList::new(), 0);
    for element in targets.elements() {
        let (topic, partition) = (element.topic(), element.partition());
        let from = committed.find_partition(topic, partition).map(|found| found.offset());
        // There is no offset if nothing was published since, and none committed if the group has never been there.
        if let (Offset::Offset(to), Some(Offset::Offset(from))) = (element.offset(), from)
            && to < from
        {
            back.add_partition_offset(topic, partition, Offset::Offset(to))?;
            again += u64::try_from(from - to).unwrap_or_default();
        }
    }
    Ok((back, again))
}

fn reason(error: impl std::fmt::Display) -> String {
    error.to_string()
}
