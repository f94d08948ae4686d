//! Two processes with a runner each, on one database.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use contracts::Timestamp;
use platform::{
    Clock,
    inbox::HandlerError,
    timers::{Timer, TimerHandler, TimerRunner},
};
use testkit::{
    conformance::messaging_store::{Action, MessagingStoreHarness as _, Outcome},
    eventually,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Postgres;

/// How often each timer took effect.
type Fired = Arc<Mutex<HashMap<Uuid, u32>>>;

/// Does what a handler should: looks whether the timer stands, and clears it in the same transaction.
struct Count {
    process: Arc<Postgres>,
    fired: Fired,
}

#[async_trait]
impl TimerHandler for Count {
    async fn fire(&self, timer: Timer) -> Result<(), HandlerError> {
        let clear = Action::ClearTimer(timer.kind.clone(), timer.subject);
        let subject = timer.subject;
        let outcomes = self.process.commit(vec![Action::Stands(timer), clear]).await?;
        if outcomes[0] == Outcome::Is(true) {
            *self.fired.lock().unwrap().entry(subject).or_default() += 1;
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_timer_fires_once_with_two_runners() {
    const TIMERS: usize = 300;
    let first = Arc::new(Postgres::fresh().await);
    let second = Arc::new(first.another_process().await.unwrap());
    let (fired, shutdown) = (Fired::default(), CancellationToken::new());
    let runners: Vec<_> = [&first, &second]
        .map(|process| {
            let handler = Arc::new(Count { process: Arc::clone(process), fired: Arc::clone(&fired) });
            let runner = TimerRunner { store: process.store.messaging(), handler, clock: Clock::system() };
            tokio::spawn(runner.run(process.store.timer_signal(), shutdown.clone()))
        })
        .into();
    for process in [&first, &second] {
        let due =
            Timer { kind: "test".to_owned(), subject: Uuid::nil(), attempt: 1, due_at: Timestamp::now() };
        let timer = |_| Action::SetTimer(Timer { subject: Uuid::now_v7(), ..due.clone() });
        process.commit((0..TIMERS / 2).map(timer).collect()).await.unwrap();
    }
    eventually("all have fired", || async { (fired.lock().unwrap().len() == TIMERS).then_some(()) }).await;
    shutdown.cancel();
    for runner in runners {
        runner.await.unwrap();
    }
    assert!(fired.lock().unwrap().values().all(|times| *times == 1), "one has fired twice");
}
