//! What has to be there before an event is published: the topics.
//!
//! Every process sees to all of them, so that an event waits for a service that has never run.

use std::{collections::BTreeMap, time::Duration};

use contracts::Service;
use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    error::{KafkaError, RDKafkaErrorCode},
    metadata::MetadataTopic,
};
use tokio::time::sleep;

use super::{
    address::Address,
    clients,
    context::Context,
    waiting::{self, wait_for},
};

/// How long a cluster may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How long it may take until every partition of a new topic has a leader, and how often it is looked.
const LEADERS: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);
/// Most processes that can ask questions without reading each other's answers.
const REPLY_PARTITIONS: i32 = 32;
/// Questions and answers are kept for as long as this: nobody waits for any of them longer than a minute.
const TALK: Duration = Duration::from_mins(10);

/// A topic as it is to be.
struct Topic {
    name: String,
    partitions: i32,
    retention: Duration,
    /// How much time a segment holds: only whole ones are removed, so that it is kept for that much longer.
    segment: Duration,
}

/// What is there of a topic.
struct Found {
    partitions: i32,
    replication: i32,
    led: bool,
}

fn topics(address: &Address) -> Vec<Topic> {
    let (names, layout) = (&address.names, address.layout);
    let mut topics =
        vec![Topic { name: names.replies(), partitions: REPLY_PARTITIONS, retention: TALK, segment: TALK }];
    for service in Service::ALL {
        let segment = (layout.retention / 24).max(TALK);
        let (partitions, retention) = (layout.partitions, layout.retention);
        topics.push(Topic { name: names.events_of(service), partitions, retention, segment });
        topics.push(Topic { name: names.questions_to(service), partitions, retention: TALK, segment: TALK });
    }
    topics
}

/// Makes the topics that are not there, and sees to it that those which are suit.
///
/// # Errors
/// Why they cannot be made, or in what a topic that is there does not suit.
pub(super) async fn ensure(address: &Address, context: Context) -> Result<(), String> {
    let administrator = clients::administrator(address, context).map_err(|error| error.to_string())?;
    let wanted = topics(address);
    let (mut administrator, (brokers, mut found)) = look(administrator).await?;
    let missing: Vec<&Topic> = wanted.iter().filter(|topic| !found.contains_key(&topic.name)).collect();
    if !missing.is_empty() {
        let replication = address.layout.replication.unwrap_or_else(|| brokers.clamp(1, 3));
        make(&administrator, &missing, replication).await?;
        let mut looked = Duration::ZERO;
        while !wanted.iter().all(|topic| found.get(&topic.name).is_some_and(|found| found.led)) {
            if looked > LEADERS {
                return Err("topics that were made have no leader yet".to_owned());
            }
            sleep(LOOK).await;
            looked += LOOK;
            (administrator, (_, found)) = look(administrator).await?;
        }
    }
    waiting::end(administrator);
    wanted.iter().try_for_each(|topic| suits(topic, &found[&topic.name], address.layout.replication))
}

/// How many brokers there are, and which topics.
async fn look(
    administrator: AdminClient<Context>,
) -> Result<(AdminClient<Context>, (i32, BTreeMap<String, Found>)), String> {
    let looked = wait_for(move || {
        // All of them: to ask for one that is not there makes it, on a cluster that makes topics by itself.
        let metadata =
            administrator.inner().fetch_metadata(None, ANSWER).map_err(|error| error.to_string())?;
        let topics = metadata.topics().iter().filter(|topic| topic.error().is_none());
        let found = topics.map(|topic| (topic.name().to_owned(), Found::of(topic))).collect();
        let brokers = i32::try_from(metadata.brokers().len()).unwrap_or(i32::MAX);
        Ok((administrator, (brokers, found)))
    });
    looked.await.map_err(|error| error.to_string())?
}

impl Found {
    fn of(topic: &MetadataTopic) -> Self {
        let partitions = topic.partitions();
        let replicas = partitions.iter().map(|partition| partition.replicas().len());
        Self {
            partitions: i32::try_from(partitions.len()).unwrap_or(i32::MAX),
            replication: replicas.min().and_then(|least| i32::try_from(least).ok()).unwrap_or_default(),
            led: !partitions.is_empty() && partitions.iter().all(|partition| partition.leader() >= 0),
        }
    }
}

async fn make(
    administrator: &AdminClient<Context>,
    missing: &[&Topic],
    replication: i32,
) -> Result<(), String> {
    // With three copies a write needs two of them, and goes on when any one broker is away.
    let in_sync = if replication > 2 { "2" } else { "1" };
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let times: Vec<_> =
        missing.iter().map(|it| (milliseconds(it.retention), milliseconds(it.segment))).collect();
    let topics: Vec<_> = missing
        .iter()
        .zip(&times)
        .map(|(topic, (retention, segment))| {
            NewTopic::new(&topic.name, topic.partitions, TopicReplication::Fixed(replication))
                .set("cleanup.policy", "delete")
                .set("retention.ms", retention)
                .set("segment.ms", segment)
                .set("min.insync.replicas", in_sync)
        })
        .collect();
    let options = AdminOptions::new().request_timeout(Some(ANSWER)).operation_timeout(Some(ANSWER));
    let made = administrator.create_topics(&topics, &options).await.map_err(|error| error.to_string())?;
    for outcome in made {
        match outcome {
            // Another process was quicker.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => {
                return Err(format!("the topic {topic} cannot be made: {}", KafkaError::AdminOp(code)));
            }
        }
    }
    Ok(())
}

fn suits(topic: &Topic, found: &Found, replication: Option<i32>) -> Result<(), String> {
    let name = &topic.name;
    if found.partitions < topic.partitions && name.contains("mercato.events.") {
        let (has, wanted) = (found.partitions, topic.partitions);
        return Err(format!(
            "the topic {name} has {has} partitions and is to have {wanted}: add them while nobody publishes, since an \
             aggregate's events change their partition by it, or say partitions={has}"
        ));
    }
    match replication {
        Some(wanted) if found.replication < wanted => {
            let has = found.replication;
            Err(format!(
                "the topic {name} has {has} copies of each partition and is to have {wanted}: reassign its partitions, \
                 or say replication={has}"
            ))
        }
        _ => Ok(()),
    }
}
