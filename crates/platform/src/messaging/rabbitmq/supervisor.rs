//! Keeps a session: opens one, waits for its end, opens the next.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{address::Address, session::Session};
use crate::backoff::Backoff;

/// How long it may take to connect and to declare what has to be there.
const OPEN: Duration = Duration::from_secs(15);
/// Rests between tries. Short, since the relay's own rests come on top.
const FIRST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_millis(500);

/// Whether the broker can be reached.
#[derive(Clone)]
pub(super) enum State {
    /// Not now, and why.
    Down(Arc<str>),
    /// Over this session.
    Up(Arc<Session>),
}

/// Keeps `state` true until `stop`.
pub(super) async fn supervise(address: Address, state: watch::Sender<State>, stop: CancellationToken) {
    let mut backoff = Backoff::new(FIRST_REST, LONGEST_REST);
    let mut told = String::new();
    while let Some(opened) = stop.run_until_cancelled(timeout(OPEN, Session::open(&address))).await {
        let reason = match opened {
            Ok(Ok(session)) => {
                tracing::info!(host = %address.uri.authority.host, "connected to the broker");
                backoff.reset();
                told.clear();
                keep(session, &state, &stop).await
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no session within {OPEN:?}"),
        };
        if stop.is_cancelled() {
            return;
        }
        // An outage is told once, however many tries it takes.
        if reason != told {
            tracing::warn!(host = %address.uri.authority.host, reason, "the broker cannot be reached");
            told.clone_from(&reason);
        }
        state.send_replace(State::Down(reason.into()));
        stop.run_until_cancelled(backoff.rest()).await;
    }
}

/// Shows `session` to all until it ends.
///
/// # Returns
/// Why it ended.
async fn keep(session: Session, state: &watch::Sender<State>, stop: &CancellationToken) -> String {
    let session = Arc::new(session);
    state.send_replace(State::Up(Arc::clone(&session)));
    stop.run_until_cancelled(session.end.wait()).await;
    let reason = session.end.reason().to_owned();
    state.send_replace(State::Down(reason.as_str().into()));
    session.close().await;
    reason
}
