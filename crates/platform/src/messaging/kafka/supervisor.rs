//! Keeps a session: opens one, waits for its end, opens the next.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    address::Address,
    session::{CLOSED, Session},
    waiting,
};
use crate::backoff::Backoff;

/// How long it may take to connect and to make what has to be there.
const OPEN: Duration = Duration::from_secs(30);
/// Rests between tries. Short, since the relay's own rests come on top.
const FIRST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_millis(500);
/// How often it is looked whether a broker answers, and how often in a row it may not: a partition may have no leader for a
/// moment.
const LOOK: Duration = Duration::from_secs(3);
const SILENCES: u32 = 3;

/// Most reasons of one outage that are told.
const REASONS: usize = 16;

/// Whether the cluster can be reached.
#[derive(Clone)]
pub(super) enum State {
    /// Not now, and why.
    Down(Arc<str>),
    /// In this session.
    Up(Arc<Session>),
}

/// Keeps `state` true until `stop`.
pub(super) async fn supervise(address: Address, state: watch::Sender<State>, stop: CancellationToken) {
    let mut backoff = Backoff::new(FIRST_REST, LONGEST_REST);
    let mut told = BTreeSet::new();
    let servers = address.servers();
    while let Some(opened) = stop.run_until_cancelled(timeout(OPEN, Session::open(&address))).await {
        let reason = match opened {
            Ok(Ok(session)) => {
                tracing::info!(servers, "connected to the broker");
                backoff.reset();
                told.clear();
                keep(session, &state, &stop).await
            }
            Ok(Err(reason)) => reason,
            Err(_) => format!("no session within {OPEN:?}"),
        };
        if stop.is_cancelled() {
            return;
        }
        // Each reason of an outage is told once, however many tries it takes: each broker of a cluster may have one.
        if told.len() < REASONS && told.insert(reason.clone()) {
            tracing::warn!(servers, reason, "the broker cannot be reached");
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
    tokio::select! {
        () = stop.cancelled() => session.end.because(CLOSED),
        () = session.end.wait() => {}
        reason = silence(&session) => session.end.because(reason),
    }
    let reason = session.end.reason().to_owned();
    state.send_replace(State::Down(reason.as_str().into()));
    waiting::end(session);
    reason
}

/// Waits until no broker answers any more.
async fn silence(session: &Session) -> String {
    let mut silences = 0;
    loop {
        sleep(LOOK).await;
        match session.answers().await {
            Ok(()) => silences = 0,
            Err(reason) => {
                silences += 1;
                if silences >= SILENCES {
                    return reason;
                }
            }
        }
    }
}
