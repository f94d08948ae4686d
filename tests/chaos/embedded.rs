//! The shop in one process.

use testkit::chaos::{Point, Safeguard, Shape::Embedded};

use crate::{crashes, safeguards::broken_without};

#[tokio::test(flavor = "multi_thread")]
async fn with_all_safeguards_no_promise_is_broken() {
    assert!(broken_without(Embedded, None).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_inbox_messages_are_applied_again() {
    assert_eq!(broken_without(Embedded, Some(Safeguard::Inbox)).await, ["messages_applied_once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_keys_a_repetition_is_another_request() {
    assert_eq!(broken_without(Embedded, Some(Safeguard::Idempotency)).await, ["keys_answer_once"]);
}

/// The database tells, and so do the clients.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_condition_stock_is_sold_twice() {
    let broken = broken_without(Embedded, Some(Safeguard::Stock)).await;
    assert_eq!(broken, ["stock_not_negative", "units_sold_once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_crashes_at_each_named_place_keeps_every_promise() {
    crashes::expect_nothing_broken(Embedded, 0, &Point::ALL).await;
}
