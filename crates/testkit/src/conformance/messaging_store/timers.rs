//! Timers: set, replaced, cleared, claimed.

use std::{collections::HashSet, time::Duration};

use contracts::Timestamp;
use futures::future::join_all;
use platform::timers::Timer;
use tokio::time::timeout;
use uuid::Uuid;

use super::{Action, LIMIT, MessagingStoreHarness, NOON, Outcome, SECOND, commit_one, in_turn, messaging};

const CLAIM: Duration = Duration::from_secs(15);

fn timer(subject: Uuid, attempt: u32, due_at: Timestamp) -> Timer {
    Timer { kind: "checkout".to_owned(), subject, attempt, due_at }
}

async fn stands(harness: &impl MessagingStoreHarness, timer: &Timer) -> bool {
    commit_one(harness, Action::Stands(timer.clone())).await == Outcome::Is(true)
}

/// Due at its time and not before, the longest overdue first, and not more than was asked for.
pub async fn timers_fall_due_in_time_and_in_parts<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let timers: Vec<Timer> = (0..6).map(|n| timer(Uuid::now_v7(), 1, NOON + SECOND * n)).collect();
    harness.commit(timers.iter().rev().cloned().map(Action::SetTimer).collect()).await.expect("a commit");
    let nothing = store.claim_due(NOON - Duration::from_micros(1), CLAIM, 10).await.expect("timers");
    assert_eq!(nothing, []);
    assert_eq!(store.claim_due(NOON, CLAIM, 10).await.expect("timers"), timers[..1]);
    let mut due = store.claim_due(NOON + SECOND * 4, CLAIM, 3).await.expect("timers");
    due.sort_by_key(|timer| timer.due_at);
    assert_eq!(due, timers[1..4]);
    assert_eq!(store.claim_due(NOON + SECOND * 4, CLAIM, 3).await.expect("timers"), timers[4..5]);
}

/// Nobody gets a claimed timer until the claim ends; one that was not cleared by then is due again.
pub async fn a_claimed_timer_is_kept_until_the_claim_ends<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let timer = timer(Uuid::now_v7(), 1, NOON);
    commit_one(&harness, Action::SetTimer(timer.clone())).await;
    assert_eq!(store.claim_due(NOON, CLAIM, 10).await.expect("timers"), std::slice::from_ref(&timer));
    let before = NOON + CLAIM - Duration::from_micros(1);
    assert_eq!(store.claim_due(before, CLAIM, 10).await.expect("timers"), []);
    assert!(stands(&harness, &timer).await);
    assert_eq!(store.claim_due(NOON + CLAIM, CLAIM, 10).await.expect("timers"), [timer]);
}

/// There is one timer of a kind and subject: the latest, which nobody has claimed yet.
pub async fn a_timer_that_is_set_again_replaces_the_first<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let subject = Uuid::now_v7();
    let (first, second) = (timer(subject, 1, NOON), timer(subject, 2, NOON + SECOND));
    let other = Timer { kind: "reservation".to_owned(), ..first.clone() };
    commit_one(&harness, Action::SetTimer(first.clone())).await;
    commit_one(&harness, Action::SetTimer(other.clone())).await;
    assert_eq!(store.claim_due(NOON, CLAIM, 10).await.expect("timers").len(), 2);
    commit_one(&harness, Action::SetTimer(second.clone())).await;
    assert!(!stands(&harness, &first).await);
    assert!(stands(&harness, &second).await && stands(&harness, &other).await);
    // The claim was on the first, not on the second.
    assert_eq!(store.claim_due(NOON + SECOND, CLAIM, 10).await.expect("timers"), [second]);
}

/// Gone is gone, also for whoever has claimed it.
pub async fn a_cleared_timer_neither_stands_nor_falls_due<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let (one, other) = (timer(Uuid::now_v7(), 1, NOON), timer(Uuid::now_v7(), 1, NOON));
    harness.commit([&one, &other].map(|t| Action::SetTimer(t.clone())).into()).await.expect("a commit");
    for _ in 0..2 {
        commit_one(&harness, Action::ClearTimer(one.kind.clone(), one.subject)).await;
    }
    commit_one(&harness, Action::ClearTimer("another kind".to_owned(), other.subject)).await;
    assert!(!stands(&harness, &one).await && stands(&harness, &other).await);
    assert_eq!(store.claim_due(NOON, CLAIM, 10).await.expect("timers"), [other]);
}

/// A timer goes with the command that sets or clears it.
pub async fn a_timer_of_a_failed_transaction_was_never_set<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let (kept, lost) = (timer(Uuid::now_v7(), 1, NOON), timer(Uuid::now_v7(), 1, NOON));
    commit_one(&harness, Action::SetTimer(kept.clone())).await;
    let clear = Action::ClearTimer(kept.kind.clone(), kept.subject);
    let actions = vec![Action::SetTimer(lost.clone()), clear, Action::Fail];
    harness.commit(actions).await.expect_err("the transaction fails");
    assert!(stands(&harness, &kept).await && !stands(&harness, &lost).await);
}

/// Whoever waits for timers is woken by the commit of one that is due. One that is due later is found in its time.
pub async fn setting_a_timer_wakes_the_runner<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let signal = harness.store().timer_signal();
    commit_one(&harness, Action::SetTimer(timer(Uuid::now_v7(), 1, Timestamp::now()))).await;
    timeout(LIMIT, signal.notified()).await.expect("the runner is woken");
}

/// A handler that outlived its claim, and whoever has the timer since, may come to its end together. It stands for one of
/// them, who clears it, and for nobody else.
pub async fn a_timer_in_many_hands_is_handled_once<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let other = harness.another_process().await;
    let timers: Vec<Timer> = (0..20).map(|_| timer(Uuid::now_v7(), 1, NOON)).collect();
    harness.commit(timers.iter().cloned().map(Action::SetTimer).collect()).await.expect("a commit");
    for timer in timers {
        let clear = Action::ClearTimer(timer.kind.clone(), timer.subject);
        let handling = vec![Action::Stands(timer), clear];
        let hands = in_turn(&harness, other.as_ref()).take(6);
        let outcomes = join_all(hands.map(|instance| instance.commit(handling.clone()))).await;
        let stood = outcomes.into_iter().map(|outcome| outcome.expect("a commit").remove(0));
        assert_eq!(stood.filter(|stood| *stood == Outcome::Is(true)).count(), 1);
    }
}

/// Claims that race share the timers: each goes to one of them, and none is left.
pub async fn two_claimers_never_get_the_same_timer<H: MessagingStoreHarness>() {
    const TIMERS: usize = 200;
    let harness = H::fresh().await;
    let timers = (0..TIMERS).map(|_| Action::SetTimer(timer(Uuid::now_v7(), 1, NOON))).collect();
    harness.commit(timers).await.expect("a commit");
    let other = harness.another_process().await;
    let claimers: Vec<_> = in_turn(&harness, other.as_ref())
        .take(4)
        .map(|instance| {
            let store = messaging(instance);
            tokio::spawn(async move {
                let mut claimed = Vec::new();
                loop {
                    let due = store.claim_due(NOON, CLAIM, 7).await.expect("timers");
                    if due.is_empty() {
                        return claimed;
                    }
                    claimed.extend(due.into_iter().map(|timer| timer.subject));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for claimer in claimers {
        all.extend(claimer.await.expect("a claimer"));
    }
    assert_eq!(all.len(), TIMERS);
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), TIMERS, "a timer was claimed twice");
}
