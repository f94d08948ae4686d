//! What is there while the cluster can be reached. When one thing fails for good, all of it ends.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use contracts::Service;
use rand::seq::IndexedRandom as _;
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{Consumer as _, StreamConsumer},
    error::{KafkaError, RDKafkaErrorCode},
    message::{OwnedHeaders, OwnedMessage},
    producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer as _},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    address::Address,
    clients,
    context::{Context, is_final},
    event_wire,
    question_wire::{self, ReplyTo},
    topology,
    waiting::{self, wait_for},
};
use crate::{
    chaos::{Point, crash_point},
    messaging::{Envelope, calls::Calls, end::End},
};

/// How long a broker may take to answer.
const ANSWER: Duration = Duration::from_secs(3);
/// Why a session ends that nobody needs any more.
pub(super) const CLOSED: &str = "closed";

/// What is there while the cluster can be reached.
pub(super) struct Session {
    pub(super) address: Address,
    pub(super) end: End,
    events: FutureProducer<Context>,
    questions: FutureProducer<Context>,
    /// Who waits for an answer.
    pub(super) calls: Calls,
    /// Where answers come.
    pub(super) reply_to: ReplyTo,
    /// What has asked for partitions and not been told yet which it has.
    joining: Mutex<Vec<CancellationToken>>,
}

impl Session {
    /// Connects, and makes what has to be there.
    ///
    /// # Errors
    /// Why it cannot.
    pub(super) async fn open(address: &Address) -> Result<Self, String> {
        let end = End::default();
        // What is spawned here ends if the rest fails, or takes too long.
        let guard = end.guard();
        let context = Context::new(end.clone());
        let opened = Self::open_until(address, end, context.clone()).await;
        let opened = opened.map_err(|error| context.explain(&error));
        if opened.is_ok() {
            guard.disarm();
        }
        opened
    }

    async fn open_until(address: &Address, end: End, context: Context) -> Result<Self, String> {
        // First, since it connects at once, and hears why it cannot: an administrator is only told that it could not.
        let events = clients::events(address, context.clone()).map_err(reason)?;
        topology::ensure(address, context.clone()).await?;
        let questions = clients::questions(address, context.clone()).map_err(reason)?;
        let replies = clients::replies(address, context).map_err(reason)?;
        let topic = address.names.replies();
        let (replies, partition) = wait_for(move || read_own(replies, &topic)).await.map_err(reason)??;
        let reply_to = ReplyTo { asker: Uuid::new_v4(), partition };
        let calls = Calls::new();
        tokio::spawn(take(replies, reply_to.asker, calls.clone(), end.clone()));
        let address = address.clone();
        Ok(Self { address, end, events, questions, calls, reply_to, joining: Mutex::default() })
    }

    /// Publishes an event, to the same partition for one aggregate.
    ///
    /// # Returns
    /// Where it is told whether the cluster has it.
    ///
    /// # Errors
    /// [`KafkaError`] if the producer takes no more.
    pub(super) fn publish(&self, envelope: &Envelope) -> Result<DeliveryFuture, KafkaError> {
        let (topic, key) = (self.address.names.events_of(envelope.source), envelope.aggregate.to_string());
        let record = FutureRecord::to(&topic)
            .key(&key)
            .payload(&envelope.payload[..])
            .headers(event_wire::attributes(envelope));
        let sent = self.events.send_result(record).map_err(|(error, _)| error)?;
        crash_point(Point::AfterPublish);
        Ok(sent)
    }

    /// Ends the session if `error` shows that its producer does not get on: it is past mending, the topic was removed, or
    /// nothing was confirmed for as long as that may take.
    pub(super) fn fail_to_publish(&self, error: &KafkaError) {
        let timed_out = error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageTimedOut);
        // A fatal error is told by the name of what caused it, and only the client knows that it is one.
        if timed_out || is_final(error) || self.events.client().fatal_error().is_some() {
            self.end.because(error);
        }
    }

    /// Sends a question to whichever instance of `service` reads the partition that it comes to.
    ///
    /// # Errors
    /// As [`Session::publish`].
    pub(super) fn ask(
        &self,
        service: Service,
        headers: OwnedHeaders,
        payload: &[u8],
    ) -> Result<DeliveryFuture, KafkaError> {
        let topic = self.address.names.questions_to(service);
        let record = FutureRecord::<str, [u8]>::to(&topic).payload(payload).headers(headers);
        self.questions.send_result(record).map_err(|(error, _)| error)
    }

    /// Sends an answer. Nobody waits for a confirm: whoever asked knows best how long it is worth waiting.
    pub(super) fn answer(&self, to: ReplyTo, headers: OwnedHeaders, payload: &[u8]) {
        let topic = self.address.names.replies();
        let record = FutureRecord::<str, [u8]>::to(&topic).partition(to.partition);
        if let Err((error, _)) = self.questions.send_result(record.payload(payload).headers(headers)) {
            tracing::warn!(%error, "an answer could not be sent");
        }
    }

    /// What a client of this session is told by.
    pub(super) fn context(&self) -> Context {
        Context::new(self.end.clone())
    }

    /// Somebody who asks for partitions, and cancels what is given here when they know which they have.
    pub(super) fn joining(&self) -> CancellationToken {
        let token = CancellationToken::new();
        let mut joining = self.joining.lock().unwrap_or_else(PoisonError::into_inner);
        joining.retain(|other| !other.is_cancelled());
        joining.push(token.clone());
        token
    }

    /// Whether somebody waits for partitions.
    pub(super) fn is_joining(&self) -> bool {
        let joining = self.joining.lock().unwrap_or_else(PoisonError::into_inner);
        joining.iter().any(|other| !other.is_cancelled())
    }

    /// Whether a broker answers: the one that leads the partition of our answers.
    pub(super) async fn answers(&self) -> Result<(), String> {
        let (client, topic, partition) =
            (self.questions.clone(), self.address.names.replies(), self.reply_to.partition);
        let asked =
            wait_for(move || client.client().fetch_watermarks(&topic, partition, ANSWER).map_err(reason));
        asked.await.map_err(reason)?.map(drop)
    }
}

/// Chooses a partition of `topic` that has a leader, and reads it from its end.
fn read_own(
    consumer: StreamConsumer<Context>,
    topic: &str,
) -> Result<(StreamConsumer<Context>, i32), String> {
    let metadata = consumer.fetch_metadata(Some(topic), ANSWER).map_err(reason)?;
    let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
    let led: Vec<i32> = partitions.filter(|it| it.leader() >= 0).map(|it| it.id()).collect();
    let partition = *led.choose(&mut rand::rng()).ok_or("the topic of answers has no leader")?;
    // Asked for here and not left to the consumer, which finds out the end only after it was assigned: the answer to an
    // early question would lie before it.
    let (_, end) = consumer.fetch_watermarks(topic, partition, ANSWER).map_err(reason)?;
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(topic, partition, Offset::Offset(end)).map_err(reason)?;
    consumer.assign(&assignment).map_err(reason)?;
    Ok((consumer, partition))
}

/// Hands each reply to whoever waits for it, until `end`; then tells all who still wait that none comes.
async fn take(replies: StreamConsumer<Context>, asker: Uuid, calls: Calls, end: End) {
    while let Some(reply) = tokio::select! {
        () = end.wait() => None,
        reply = replies.recv() => Some(reply.map(|reply| reply.detach())),
    } {
        match reply {
            Ok(reply) => hand_on(&reply, asker, &calls),
            Err(error) if is_final(&error) => end.because(error),
            Err(error) => tracing::debug!(%error, "answers are late"),
        }
    }
    calls.end();
    waiting::end(replies);
}

fn hand_on(reply: &OwnedMessage, asker: Uuid, calls: &Calls) {
    if question_wire::is_for(reply, asker) {
        calls.answered(question_wire::replied_to(reply), question_wire::answer(reply));
    } else {
        tracing::trace!(partition = reply.partition(), "an answer for another process");
    }
}

fn reason(error: impl std::fmt::Display) -> String {
    error.to_string()
}
