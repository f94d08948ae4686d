//! What librdkafka tells its clients, and what follows from it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance},
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{group, progress::Progress};
use crate::messaging::end::End;

/// For every client: what cannot be mended by trying again ends the session.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) end: End,
}

impl ClientContext for Context {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        // Whatever matters comes as an error as well; librdkafka logs each try to connect.
        tracing::debug!(facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if is_final(&error) {
            self.end.because(format!("{error}: {reason}"));
        } else {
            tracing::debug!(%error, reason, "librdkafka tries again");
        }
    }
}

impl ConsumerContext for Context {}

/// Whether `error` is one that librdkafka does not get over by itself, or only after longer than a new session takes.
pub(super) fn is_final(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::Authentication
                | RDKafkaErrorCode::ClusterAuthorizationFailed
                | RDKafkaErrorCode::Fatal
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::SaslAuthenticationFailed
                | RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownTopicOrPartition
        )
    ) || matches!(error, KafkaError::MessageConsumptionFatal(_))
}

/// For the members of a group: which partitions they have, and how far they are.
pub(super) struct GroupContext {
    pub(super) context: Context,
    /// Whether it has been given its partitions, or told that there are none for it.
    pub(super) joined: CancellationToken,
    /// Nobody waits for one that has gone before it was told.
    _gone: DropGuard,
    progress: Mutex<Progress>,
}

impl GroupContext {
    pub(super) fn new(context: Context, joined: CancellationToken) -> Self {
        Self { context, _gone: joined.clone().drop_guard(), joined, progress: Mutex::default() }
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.context.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }
}

impl ConsumerContext for GroupContext {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(revoked) = rebalance else { return };
        // Whoever has them next is to read from where we are. What is still under way here comes to them again.
        let due = self.progress().due();
        if let Some(offsets) = group::offsets(&due) {
            // Not waited for here, where librdkafka waits for us.
            consumer.commit(&offsets, CommitMode::Async).ok();
        }
        for element in revoked.elements() {
            self.progress().forget(&(element.topic().to_owned(), element.partition()));
        }
    }

    fn post_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(assigned) = rebalance {
            tracing::debug!(partitions = assigned.count(), "partitions were assigned");
            self.joined.cancel();
        }
    }
}
