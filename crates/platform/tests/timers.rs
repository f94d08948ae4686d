//! The timer runner goes on, whatever a handler does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use contracts::Timestamp;
use futures::future::pending;
use platform::{
    Clock,
    inbox::HandlerError,
    store::StoreError,
    timers::{Timer, TimerHandler, TimerRunner, TimerStore},
};
use testkit::eventually;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Timers that are due, each to be claimed once.
#[derive(Default)]
struct Due(Mutex<Vec<Timer>>);

impl Due {
    fn add(&self, kind: &str) -> Uuid {
        let subject = Uuid::now_v7();
        let due_at = Timestamp::from_micros(0);
        self.0.lock().unwrap().push(Timer { kind: kind.to_owned(), subject, attempt: 1, due_at });
        subject
    }
}

#[async_trait]
impl TimerStore for Due {
    async fn claim_due(&self, _: Timestamp, _: Duration, limit: u32) -> Result<Vec<Timer>, StoreError> {
        let mut due = self.0.lock().unwrap();
        let claimed = due.len().min(limit as usize);
        Ok(due.drain(..claimed).collect())
    }
}

/// Does what the kind of a timer says, and notes those that it has handled.
#[derive(Default)]
struct ByKind(Mutex<HashSet<Uuid>>);

#[async_trait]
impl TimerHandler for ByKind {
    async fn fire(&self, timer: Timer) -> Result<(), HandlerError> {
        match timer.kind.as_str() {
            "panics" => panic!("oh"),
            "hangs" => pending().await,
            "fails" => return Err(HandlerError::Failed("no".to_owned())),
            _ => {}
        }
        self.0.lock().unwrap().insert(timer.subject);
        Ok(())
    }
}

async fn a_timer_is_handled_after_a_hundred_that(kind: &str) {
    let (due, handler) = (Arc::new(Due::default()), Arc::new(ByKind::default()));
    let shutdown = CancellationToken::new();
    let runner = TimerRunner { store: due.clone(), handler: handler.clone(), clock: Clock::system() };
    let running = tokio::spawn(runner.run(Arc::new(Notify::new()), shutdown.clone()));
    for _ in 0..100 {
        due.add(kind);
    }
    eventually("the bad ones are claimed", || async { due.0.lock().unwrap().is_empty().then_some(()) }).await;
    let good = due.add("good");
    testkit::within(Duration::from_secs(600), "the good one is handled", || async {
        handler.0.lock().unwrap().contains(&good).then_some(())
    })
    .await;
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_timer_whose_handler_fails_does_not_stop_the_others() {
    a_timer_is_handled_after_a_hundred_that("fails").await;
}

#[tokio::test(start_paused = true)]
async fn a_timer_whose_handler_panics_does_not_stop_the_others() {
    a_timer_is_handled_after_a_hundred_that("panics").await;
}

#[tokio::test(start_paused = true)]
async fn a_timer_whose_handler_hangs_does_not_stop_the_others() {
    a_timer_is_handled_after_a_hundred_that("hangs").await;
}
