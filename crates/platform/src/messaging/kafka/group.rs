//! A member of a consumer group.

use std::{sync::Arc, time::Duration};

use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{CommitMode, Consumer as _, StreamConsumer},
    error::{KafkaError, KafkaResult},
    message::OwnedMessage,
};
use tokio::task::spawn_blocking;

use super::{
    clients,
    context::GroupContext,
    progress::{Place, Ticket},
    session::Session,
    suspicion::Suspicion,
};

/// How long the group's coordinator may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// A member of a consumer group, and how far it is.
pub(super) struct Group {
    consumer: Arc<StreamConsumer<GroupContext>>,
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
        Ok(Self { consumer: Arc::new(consumer) })
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
        let begun = spawn_blocking(move || {
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
        begun.await.unwrap_or(Err(KafkaError::Canceled))
    }

    /// Notes that `ticket` need not be delivered again.
    pub(super) fn settle(&self, ticket: &Ticket) {
        self.context().progress().settle(ticket);
    }

    /// Commits what is due, without waiting for it.
    pub(super) fn commit(&self) {
        let due = self.context().progress().due();
        if let Some(offsets) = offsets(&due)
            && let Err(error) = self.consumer.commit(&offsets, CommitMode::Async)
        {
            tracing::debug!(%error, "offsets were not committed");
            let mut progress = self.context().progress();
            due.iter().for_each(|(place, ..)| progress.not_committed(place));
        }
    }

    /// Lets nothing more come for now, but what the group has to say.
    pub(super) fn pause(&self) {
        self.consumer.assignment().and_then(|all| self.consumer.pause(&all)).ok();
    }

    /// Lets messages come again.
    pub(super) fn resume(&self) {
        self.consumer.assignment().and_then(|all| self.consumer.resume(&all)).ok();
    }

    /// A partition that has more than it has given us, if there is one.
    pub(super) async fn lags(&self) -> Option<Place> {
        let (consumer, expected) = (Arc::clone(&self.consumer), self.context().progress().expected());
        let lags = spawn_blocking(move || {
            expected.into_iter().find_map(|(place, next)| {
                let (_, high) = consumer.fetch_watermarks(&place.0, place.1, ANSWER).ok()?;
                (high > next).then_some(place)
            })
        });
        lags.await.ok().flatten()
    }

    /// Leaves the group, after what is settled has been committed if the broker is still there to be told.
    pub(super) async fn leave(self, broker_is_there: bool) {
        // Both wait for answers of the broker, and a thread of the runtime must not.
        let left = spawn_blocking(move || {
            let due = self.context().progress().due();
            if let Some(offsets) = offsets(&due).filter(|_| broker_is_there)
                && let Err(error) = self.consumer.commit(&offsets, CommitMode::Sync)
            {
                tracing::debug!(%error, "offsets were not committed");
            }
            drop(self);
        });
        left.await.ok();
    }

    /// What librdkafka's threads tell it.
    pub(super) fn context(&self) -> &GroupContext {
        self.consumer.context()
    }
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
