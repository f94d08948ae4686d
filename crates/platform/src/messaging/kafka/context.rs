//! What librdkafka tells its clients, and what follows from it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance},
    error::{KafkaError, RDKafkaErrorCode},
    statistics::Statistics,
};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{group, progress::Progress, unrest::Unrest};
use crate::messaging::end::End;

/// For every client: what cannot be mended by trying again ends the session.
#[derive(Clone)]
pub(super) struct Context {
    end: End,
    /// The last failure that librdkafka tries to get over: of a connection, as a rule.
    failure: Arc<Mutex<String>>,
}

impl Context {
    /// For the clients of a session that ends with `end`.
    pub(super) fn new(end: End) -> Self {
        Self { end, failure: Arc::default() }
    }

    /// `error`, with what librdkafka knows of it. A call says no more than that no broker could be reached; that a password
    /// is wrong, or a certificate, is told to the client.
    pub(super) fn explain(&self, error: &str) -> String {
        if self.end.reason().is_empty() { self.with_failure(error) } else { self.end.reason().to_owned() }
    }

    fn with_failure(&self, error: &str) -> String {
        let failure = self.failure();
        if failure.is_empty() { error.to_owned() } else { format!("{error}: {failure}") }
    }

    fn failure(&self) -> MutexGuard<'_, String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Context {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        // Whatever matters comes as an error as well; librdkafka logs each try to connect.
        tracing::debug!(facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            // That there is none left follows from what befell the last.
            self.end.because(self.with_failure(reason));
        } else if is_final(&error) {
            self.end.because(format!("{error}: {reason}"));
        } else {
            tracing::debug!(%error, reason, "librdkafka tries again");
            without_time(reason).clone_into(&mut self.failure());
        }
    }
}

impl ConsumerContext for Context {}

/// Of `BROKER: CAUSE (after 3ms in state CONNECT)` what is the same each time.
fn without_time(reason: &str) -> &str {
    reason.split_once(" (after ").map_or(reason, |(same, _)| same)
}

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
    unrest: Mutex<Unrest>,
}

impl GroupContext {
    pub(super) fn new(context: Context, joined: CancellationToken) -> Self {
        Self {
            context,
            _gone: joined.clone().drop_guard(),
            joined,
            progress: Mutex::default(),
            unrest: Mutex::default(),
        }
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unrest(&self) -> MutexGuard<'_, Unrest> {
        self.unrest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.context.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }

    fn stats(&self, statistics: Statistics) {
        let Some(group) = statistics.cgrp else { return };
        let restless = self.unrest().note(&group.join_state, Instant::now());
        if let Some(restless) = restless {
            let seconds = restless.as_secs();
            self.context.end.because(format!("a group has not given out its partitions for {seconds} s"));
        }
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
            self.unrest().told();
            self.joined.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(context: &Context, reason: &str) {
        context.error(KafkaError::Global(RDKafkaErrorCode::SSL), reason);
    }

    #[test]
    fn a_failure_is_explained_in_the_same_words_each_time() {
        let context = Context::new(End::default());
        assert_eq!(context.explain("no answer"), "no answer");
        failed(&context, "ssl://b:9/bootstrap: SSL handshake failed (after 7ms in state SSL)");
        let said = "no answer: ssl://b:9/bootstrap: SSL handshake failed";
        assert_eq!(context.explain("no answer"), said);
        let again = "ssl://b:9/bootstrap: SSL handshake failed (after 12ms in state SSL, 30 identical error(s) suppressed)";
        failed(&context, again);
        assert_eq!(context.explain("no answer"), said);
    }

    #[test]
    fn what_ended_the_session_is_the_better_explanation() {
        let context = Context::new(End::default());
        failed(&context, "a: Connection refused (after 0ms in state CONNECT)");
        context.end.because("the password is wrong");
        assert_eq!(context.explain("no answer"), "the password is wrong");
    }
}
