//! Idempotency keys: the answer of the first time.

use futures::future::join_all;
use platform::idempotency::{Idempotency, Known, Once};

use super::{Action, MessagingStoreHarness, NOON, Outcome, SECOND, commit_one, in_turn, messaging};

fn key(caller: &str, request: u32) -> Idempotency {
    Idempotency::new(caller, "7f9c", "place_order", &request)
}

fn run(key: &Idempotency, answer: u32) -> Action {
    Action::Once(Some(key.clone()), NOON, Some(answer))
}

/// The second time nothing is carried out, and the answer is that of the first time.
pub async fn a_repeated_key_replays_the_first_answer<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let key = key("anna", 1);
    assert_eq!(store.known_answer(&key).await.expect("a look"), Known::New);
    assert_eq!(commit_one(&harness, run(&key, 41)).await, Outcome::Once(Once::Done(41)));
    assert_eq!(commit_one(&harness, run(&key, 42)).await, Outcome::Once(Once::Replayed(41)));
    assert_eq!(store.known_answer(&key).await.expect("a look"), Known::Answered("41".to_owned()));
}

/// The same key for another request is a mistake, and changes nothing.
pub async fn a_key_for_something_else_is_a_conflict<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let (first, other) = (key("anna", 1), key("anna", 2));
    commit_one(&harness, run(&first, 41)).await;
    assert_eq!(commit_one(&harness, run(&other, 42)).await, Outcome::Once(Once::Conflict));
    assert_eq!(store.known_answer(&other).await.expect("a look"), Known::Conflict);
    assert_eq!(commit_one(&harness, run(&first, 43)).await, Outcome::Once(Once::Replayed(41)));
}

/// Two callers may choose the same key.
pub async fn keys_of_two_callers_are_apart<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    assert_eq!(commit_one(&harness, run(&key("anna", 1), 1)).await, Outcome::Once(Once::Done(1)));
    assert_eq!(commit_one(&harness, run(&key("bert", 2), 2)).await, Outcome::Once(Once::Done(2)));
}

/// A command that fails changed nothing, so the next try with its key is the first.
pub async fn a_command_that_fails_leaves_no_key<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let key = key("anna", 1);
    harness.commit(vec![Action::Once(Some(key.clone()), NOON, None)]).await.expect_err("the command fails");
    harness.commit(vec![run(&key, 41), Action::Fail]).await.expect_err("the transaction fails");
    assert_eq!(messaging(&harness).known_answer(&key).await.expect("a look"), Known::New);
    assert_eq!(commit_one(&harness, run(&key, 42)).await, Outcome::Once(Once::Done(42)));
}

/// A client that sends no key has each of its requests carried out.
pub async fn a_request_without_a_key_is_always_carried_out<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    for answer in [1, 2] {
        let outcome = commit_one(&harness, Action::Once(None, NOON, Some(answer))).await;
        assert_eq!(outcome, Outcome::Once(Once::Done(answer)));
    }
}

/// Requests that race with one key, to two instances if there can be two: one is carried out, and whoever gets an answer gets that one's. An adapter may fail
/// the others instead, as a client tries again.
pub async fn of_many_at_once_one_is_carried_out<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let other = harness.another_process().await;
    let key = key("anna", 1);
    let requests = in_turn(&harness, other.as_ref()).zip(0..20);
    let outcomes =
        join_all(requests.map(|(instance, answer)| instance.commit(vec![run(&key, answer)]))).await;
    let answers: Vec<Outcome> = outcomes.into_iter().flatten().flatten().collect();
    let mut done = answers.iter().filter_map(|outcome| match outcome {
        Outcome::Once(Once::Done(answer)) => Some(*answer),
        _ => None,
    });
    let first = done.next().expect("one was carried out");
    assert_eq!(done.next(), None, "two were carried out");
    for answer in &answers {
        let same = [Outcome::Once(Once::Done(first)), Outcome::Once(Once::Replayed(first))];
        assert!(same.contains(answer), "{answer:?} instead of {first}");
    }
}

/// Keys older than the limit are forgotten; the rest is not.
pub async fn old_keys_are_forgotten<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let (old, young) = (key("anna", 1), key("bert", 1));
    commit_one(&harness, run(&old, 1)).await;
    commit_one(&harness, Action::Once(Some(young.clone()), NOON + SECOND, Some(2))).await;
    store.prune_idempotency(NOON + SECOND).await.expect("a pruning");
    assert_eq!(store.known_answer(&old).await.expect("a look"), Known::New);
    assert_eq!(store.known_answer(&young).await.expect("a look"), Known::Answered("2".to_owned()));
}
