//! Calls of librdkafka that wait for a broker, away from the threads of the runtime.
//!
//! Some of them (a commit that is waited for, the end of a client) wait without limit while the broker is away. Whoever
//! calls them does not, and neither does the end of the process, which waits for the runtime's own threads.

use std::{
    sync::mpsc::{RecvTimeoutError, sync_channel},
    thread,
    time::Duration,
};

use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use tokio::task::spawn_blocking;

/// How long one of these calls is waited for. What takes longer goes on by itself until it ends.
const LIMIT: Duration = Duration::from_secs(8);

/// Does `work` in a thread of its own, and waits for it for a limited time.
///
/// # Errors
/// [`KafkaError`] if it takes too long.
pub(super) async fn wait_for<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> KafkaResult<T> {
    // The runtime's thread stands for the other one, so that a process which ends in order lets it finish.
    let waited = spawn_blocking(move || {
        let (done, result) = sync_channel(1);
        thread::spawn(move || done.send(work()).ok());
        result.recv_timeout(LIMIT).map_err(|error| match error {
            RecvTimeoutError::Timeout => KafkaError::Global(RDKafkaErrorCode::OperationTimedOut),
            RecvTimeoutError::Disconnected => KafkaError::Canceled,
        })
    });
    waited.await.unwrap_or(Err(KafkaError::Canceled))
}

/// Ends `client`, which may take a while.
pub(super) fn end<T: Send + 'static>(client: T) {
    // Nobody waits for the thread that stands for it but the runtime, at its end.
    tokio::spawn(wait_for(move || drop(client)));
}
