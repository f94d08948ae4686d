//! The inbox: each message takes effect once per consumer.

use contracts::{OrderId, Service, events::OrderPlaced};
use futures::future::join_all;
use platform::inbox::Received;

use super::{Action, MessagingStoreHarness, NOON, Outcome, SECOND, commit_one, in_turn, message, messaging};

/// New the first time, not the second; another consumer in the same database counts for itself.
pub async fn a_message_is_new_once_for_each_consumer<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let first = message();
    let other = Received { consumer: Service::Payment, ..first };
    assert_eq!(commit_one(&harness, Action::Enter(first, NOON)).await, Outcome::Is(true));
    assert_eq!(commit_one(&harness, Action::Enter(first, NOON + SECOND)).await, Outcome::Is(false));
    assert_eq!(commit_one(&harness, Action::Enter(other, NOON)).await, Outcome::Is(true));
    assert_eq!(commit_one(&harness, Action::Enter(message(), NOON)).await, Outcome::Is(true));
}

/// The inbox row goes with the effect: if that fails, the next delivery is the first.
pub async fn a_message_whose_effect_fails_stays_new<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let received = message();
    let event = OrderPlaced { order_id: OrderId::new(), lines: Vec::new() };
    let effect = vec![Action::Enter(received, NOON), Action::Enqueue(event, NOON), Action::Fail];
    harness.commit(effect).await.expect_err("the effect fails");
    assert_eq!(commit_one(&harness, Action::Enter(received, NOON)).await, Outcome::Is(true));
}

/// Deliveries that race, as to two instances, are one new message and repetitions.
pub async fn of_many_deliveries_at_once_one_is_new<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let other = harness.another_process().await;
    let received = message();
    let instances = in_turn(&harness, other.as_ref()).take(20);
    let outcomes =
        join_all(instances.map(|instance| commit_one(instance, Action::Enter(received, NOON)))).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Is(true)).count(), 1);
}

/// Failures count up from 1, each message and consumer for itself.
pub async fn failures_are_counted_for_each_message<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let inbox = messaging(&harness);
    let (one, other) = (message(), message());
    for expected in 1..=6 {
        assert_eq!(inbox.record_failure(one, NOON).await.expect("a count"), expected);
    }
    assert_eq!(inbox.record_failure(other, NOON).await.expect("a count"), 1);
    let elsewhere = Received { consumer: Service::Payment, ..one };
    assert_eq!(inbox.record_failure(elsewhere, NOON).await.expect("a count"), 1);
}

/// What is older than the limit is forgotten, applied messages and counted failures; the rest is not.
pub async fn old_messages_are_forgotten<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let inbox = messaging(&harness);
    let (old, young) = (message(), message());
    commit_one(&harness, Action::Enter(old, NOON)).await;
    commit_one(&harness, Action::Enter(young, NOON + SECOND)).await;
    inbox.record_failure(old, NOON).await.expect("a count");
    inbox.record_failure(young, NOON + SECOND).await.expect("a count");
    inbox.prune_inbox(NOON + SECOND).await.expect("a pruning");
    assert_eq!(commit_one(&harness, Action::Enter(old, NOON)).await, Outcome::Is(true));
    assert_eq!(commit_one(&harness, Action::Enter(young, NOON)).await, Outcome::Is(false));
    assert_eq!(inbox.record_failure(old, NOON).await.expect("a count"), 1);
    assert_eq!(inbox.record_failure(young, NOON).await.expect("a count"), 2);
}
