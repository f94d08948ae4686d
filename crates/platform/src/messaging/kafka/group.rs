//! A member of a consumer group.

use std::{collections::HashMap, sync::Arc, thread, time::Duration};

use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{CommitMode, Consumer as _, StreamConsumer},
    error::KafkaResult,
    message::OwnedMessage,
};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    clients,
    context::GroupContext,
    progress::{Place, Ticket},
    session::Session,
    suspicion::Suspicion,
    waiting::wait_for,
};

/// How long the group's coordinator may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How often it is tried to commit at the end, and how long is rested in between.
const TRIES: u32 = 5;
const REST: Duration = Duration::from_millis(200);

/// A member of a consumer group, and how far it is.
pub(super) struct Group {
    consumer: Arc<StreamConsumer<GroupContext>>,
    /// One commit at a time: a later one must not be overtaken.
    committing: Arc<Semaphore>,
}

impl Group {
    /// Joins the group `name`, which shares the partitions of `topics` among its members.
    ///
    /// # Errors
    /// [`KafkaError`] if librdkafka refuses.
    pub(super) fn join(session: &Session, name: &str, topics: &[String]) -> KafkaResult<Self> {
        let context = GroupContext::new(session.context(), session.joining());
        let consumer = clients::member(&session.address, name, context)?;
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        consumer.subscribe(&topics)?;
        Ok(Self { consumer: Arc::new(consumer), committing: Arc::new(Semaphore::new(1)) })
    }

    /// The next message, which then has to be [met](Self::meet). Nothing is lost if this is given up.
    ///
    /// # Errors
    /// [`KafkaError`], of which not all are final.
    pub(super) async fn receive(&self) -> KafkaResult<OwnedMessage> {
        Ok(self.consumer.recv().await?.detach())
    }

    /// Notes that `message` was taken. Before the first of each partition it is written down that somebody begins there.
    ///
    /// # Returns
    /// `None` if its partition is another's by now.
    ///
    /// # Errors
    /// [`KafkaError`] if the group's coordinator does not answer.
    pub(super) async fn meet(&self, message: &OwnedMessage) -> KafkaResult<Option<Ticket>> {
        let place = (message.topic().to_owned(), message.partition());
        if !self.context().progress().knows(&place) {
            let suspicion = self.begin(place.clone(), message.offset()).await?;
            self.context().progress().begin(place.clone(), message.offset(), suspicion);
        }
        Ok(self.context().progress().take(&place, message.offset()))
    }

    async fn begin(&self, place: Place, offset: i64) -> KafkaResult<Suspicion> {
        let consumer = Arc::clone(&self.consumer);
        let begun = wait_for(move || {
            let mut asked = TopicPartitionList::new();
            asked.add_partition(&place.0, place.1);
            let committed = consumer.committed_offsets(asked, ANSWER)?;
            let metadata =
                committed.elements().first().map(|it| it.metadata().to_owned()).unwrap_or_default();
            let suspicion = Suspicion::after(&metadata, offset);
            if let Some(offsets) = offsets(&[(place, offset, suspicion.to_string())]) {
                consumer.commit(&offsets, CommitMode::Sync)?;
            }
            Ok(suspicion)
        });
        begun.await?
    }

    /// Gives back a `message` that could not be [met](Self::meet), so that it is received again: what comes after it in its
    /// partition must not be the first that is met.
    ///
    /// # Errors
    /// [`KafkaError`](rdkafka::error::KafkaError) if its partition is another's by now, or librdkafka refuses.
    pub(super) async fn give_back(&self, message: &OwnedMessage) -> KafkaResult<()> {
        let consumer = Arc::clone(&self.consumer);
        let (topic, partition, offset) = (message.topic().to_owned(), message.partition(), message.offset());
        wait_for(move || consumer.seek(&topic, partition, Offset::Offset(offset), ANSWER)).await?
    }

    /// Notes that `ticket` need not be delivered again.
    pub(super) fn settle(&self, ticket: &Ticket) {
        self.context().progress().settle(ticket);
    }

    /// Commits what is due, without waiting for it; not while it still does so.
    pub(super) fn commit(&self) {
        let Ok(turn) = Arc::clone(&self.committing).try_acquire_owned() else { return };
        let due = self.context().progress().due();
        let Some(offsets) = offsets(&due) else { return };
        let consumer = Arc::clone(&self.consumer);
        // The client has a commit that waits for nothing, and never tells whether it failed.
        tokio::spawn(wait_for(move || {
            if let Err(error) = consumer.commit(&offsets, CommitMode::Sync) {
                // While partitions are given out anew nothing can be committed; the next try comes soon.
                tracing::debug!(%error, "offsets were not committed");
                let mut progress = consumer.context().progress();
                due.iter().for_each(|(place, ..)| progress.not_committed(place));
            }
            drop(turn);
        }));
    }

    /// Lets nothing more come for now, but what the group has to say.
    pub(super) fn pause(&self) {
        self.consumer.assignment().and_then(|all| self.consumer.pause(&all)).ok();
    }

    /// Lets messages come again.
    pub(super) fn resume(&self) {
        self.consumer.assignment().and_then(|all| self.consumer.resume(&all)).ok();
    }

    /// The partitions that have more than they have given us, though we have settled all of that, with the offset that is
    /// expected next.
    pub(super) fn behind(&self) -> impl Future<Output = HashMap<Place, i64>> + Send + use<> {
        let (consumer, expected) = (Arc::clone(&self.consumer), self.context().progress().expected());
        let behind = wait_for(move || {
            let next = expected_next(&consumer, expected).unwrap_or_default();
            let has_more = |((topic, partition), next): &(Place, i64)| {
                let marks = consumer.fetch_watermarks(topic, *partition, ANSWER);
                marks.is_ok_and(|(low, high)| high > low.max(*next))
            };
            next.into_iter().filter(has_more).collect()
        });
        async { behind.await.unwrap_or_default() }
    }

    /// Leaves the group, after what is settled has been committed if the broker is still there to be told.
    pub(super) async fn leave(self, broker_is_there: bool) {
        // It keeps the client for as long as it lasts.
        timeout(ANSWER, self.committing.acquire()).await.ok();
        let left = wait_for(move || {
            let all = self.context().progress().all();
            if let Some(offsets) = offsets(&all).filter(|_| broker_is_there)
                && let Err(error) = commit_at_last(&self.consumer, &offsets)
            {
                tracing::debug!(%error, "offsets were not committed");
            }
            drop(self);
        });
        if let Err(error) = left.await {
            tracing::debug!(%error, "the group could not be told that this member leaves");
        }
    }

    /// What librdkafka's threads tell it.
    pub(super) fn context(&self) -> &GroupContext {
        self.consumer.context()
    }
}

/// Commits `offsets`, with a few tries: the coordinator may just be changing.
fn commit_at_last(consumer: &StreamConsumer<GroupContext>, offsets: &TopicPartitionList) -> KafkaResult<()> {
    let mut tries = 1;
    loop {
        match consumer.commit(offsets, CommitMode::Sync) {
            Err(error) if tries < TRIES => {
                tracing::debug!(%error, "offsets are not committed yet");
                tries += 1;
                thread::sleep(REST);
            }
            ended => return ended,
        }
    }
}

/// What is expected next in each partition that is ours: after what was taken, or, if nothing was yet, what is committed.
fn expected_next(
    consumer: &StreamConsumer<GroupContext>,
    expected: HashMap<Place, Option<i64>>,
) -> KafkaResult<Vec<(Place, i64)>> {
    let mut untouched = TopicPartitionList::new();
    for element in consumer.assignment()?.elements() {
        if !expected.contains_key(&(element.topic().to_owned(), element.partition())) {
            untouched.add_partition(element.topic(), element.partition());
        }
    }
    let mut next: Vec<(Place, i64)> =
        expected.into_iter().filter_map(|(place, next)| Some((place, next?))).collect();
    if untouched.count() > 0 {
        let committed = consumer.committed_offsets(untouched, ANSWER)?;
        let committed = committed.elements().into_iter().map(|element| {
            let place = (element.topic().to_owned(), element.partition());
            // A group that has committed nothing begins at the first.
            let Offset::Offset(offset) = element.offset() else { return (place, 0) };
            (place, offset)
        });
        next.extend(committed.collect::<Vec<_>>());
    }
    Ok(next)
}

/// `due` as librdkafka takes it; `None` if there is nothing.
pub(super) fn offsets(due: &[(Place, i64, String)]) -> Option<TopicPartitionList> {
    let mut offsets = TopicPartitionList::new();
    for ((topic, partition), offset, metadata) in due {
        let mut element = offsets.add_partition(topic, *partition);
        element.set_offset(Offset::Offset(*offset)).ok()?;
        element.set_metadata(metadata);
    }
    (offsets.count() > 0).then_some(offsets)
}
