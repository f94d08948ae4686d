//! The production shape, with two instances of each service.

use testkit::chaos::{Plan, Point, Safeguard, Shape::Rabbitmq};

use crate::{
    crashes,
    lease::{PAYMENT, PRODUCTS, SHOPPING, paused_past_its_lease},
    safeguards::{broken_in, broken_without},
};

#[tokio::test(flavor = "multi_thread")]
async fn with_all_safeguards_no_promise_is_broken() {
    assert!(broken_without(Rabbitmq, None).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_inbox_messages_are_applied_again() {
    assert_eq!(broken_without(Rabbitmq, Some(Safeguard::Inbox)).await, ["messages_applied_once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_paused_past_its_lease_breaks_nothing() {
    assert!(broken_in(paused_past_its_lease(Rabbitmq)).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_fence_rows_are_relayed_by_strangers() {
    let without = Some(Safeguard::Fence);
    let broken = broken_in(Plan { without, ..paused_past_its_lease(Rabbitmq) }).await;
    assert_eq!(broken, ["rows_relayed_by_their_owner"]);
}

/// The clients tell. To the audit there are no keys then, and so nothing to keep the promise to.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_keys_a_repetition_is_another_request() {
    let broken = broken_without(Rabbitmq, Some(Safeguard::Idempotency)).await;
    assert_eq!(broken, ["one_order_a_key", "keys_answer_once"]);
}

/// The database tells, and so do the clients.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_condition_stock_is_sold_twice() {
    let broken = broken_without(Rabbitmq, Some(Safeguard::Stock)).await;
    assert_eq!(broken, ["stock_not_negative", "units_sold_once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_crashes_at_each_named_place_keeps_every_promise() {
    crashes::expect_nothing_broken(Rabbitmq, Point::ALL.map(|point| (SHOPPING, point))).await;
}

/// Where they differ from shopping: what they do in a handler.
#[tokio::test(flavor = "multi_thread")]
async fn products_and_payment_that_crash_about_their_effects_keep_every_promise() {
    let points = [Point::BeforeCommit, Point::AfterCommit, Point::AfterEffect];
    let crashes = points.into_iter().flat_map(|point| [(PRODUCTS, point), (PAYMENT, point)]);
    crashes::expect_nothing_broken(Rabbitmq, crashes).await;
}
