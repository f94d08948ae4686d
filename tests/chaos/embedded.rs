//! The shop in one process.

use std::time::Duration;

use testkit::chaos::{Plan, Point, Safeguard, Shape::Embedded};

use crate::{
    crashes, plan,
    safeguards::{LENGTH, broken_in, broken_without},
};

#[tokio::test(flavor = "multi_thread")]
async fn with_all_safeguards_no_promise_is_broken() {
    assert!(broken_without(Embedded, None).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_inbox_messages_are_applied_again() {
    assert_eq!(broken_without(Embedded, Some(Safeguard::Inbox)).await, ["messages_applied_once"]);
}

/// The clients tell. To the audit there are no keys then, and so nothing to keep the promise to.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_keys_a_repetition_is_another_request() {
    let broken = broken_without(Embedded, Some(Safeguard::Idempotency)).await;
    assert_eq!(broken, ["one_order_a_key", "keys_answer_once"]);
}

/// Nothing else tells: shopping asks again for what does not come.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_confirms_events_are_lost() {
    let without = Some(Safeguard::Confirm);
    // They never come: there is no need to wait for them for long.
    let plan = Plan { without, settle: Duration::from_secs(20), ..plan(Embedded, LENGTH) };
    assert_eq!(broken_in(plan).await, ["events_take_effect"]);
}

/// The database tells, and so do the clients.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_condition_stock_is_sold_twice() {
    let broken = broken_without(Embedded, Some(Safeguard::Stock)).await;
    assert_eq!(broken, ["stock_not_negative", "units_sold_once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_crashes_at_each_named_place_keeps_every_promise() {
    crashes::expect_nothing_broken(Embedded, Point::ALL.map(|point| (0, point))).await;
}
