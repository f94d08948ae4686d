//! The production shape, with two instances of each service.

use std::time::Duration;

use testkit::{
    chaos::{Act, Fault, Faults, Plan, Safeguard, Shape::Rabbitmq, fault::Server},
    servers::Weather,
};

use crate::{
    crashes, plan,
    safeguards::{broken_in, broken_without},
};

/// The first of shopping, behind two of customer and two of products.
const SHOPPING: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn with_all_safeguards_no_promise_is_broken() {
    assert!(broken_without(Rabbitmq, None).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_inbox_messages_are_applied_again() {
    assert_eq!(broken_without(Rabbitmq, Some(Safeguard::Inbox)).await, ["messages_applied_once"]);
}

/// An instance that stands still for longer than the lease of its relay, while events are on their way from it: the broker is
/// slow, so that there are some at any moment.
fn paused_past_its_lease() -> Plan {
    let slow = Weather::Latency(Duration::from_millis(200));
    let slow = Fault::Network { server: Server::Broker, weather: slow };
    let act = Act {
        calm: Duration::from_secs(1),
        faults: vec![slow, Fault::Pause { instance: SHOPPING }],
        lasts: Duration::from_millis(7_500),
    };
    Plan { faults: Faults::Listed(vec![act]), ..plan(Rabbitmq, Duration::from_secs(10)) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_paused_past_its_lease_breaks_nothing() {
    assert!(broken_in(paused_past_its_lease()).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_fence_rows_are_relayed_by_strangers() {
    let without = Some(Safeguard::Fence);
    let broken = broken_in(Plan { without, ..paused_past_its_lease() }).await;
    assert_eq!(broken, ["rows_relayed_by_their_owner"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_keys_a_repetition_is_another_request() {
    assert_eq!(broken_without(Rabbitmq, Some(Safeguard::Idempotency)).await, ["keys_answer_once"]);
}

/// The database tells, and so do the clients.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_condition_stock_is_sold_twice() {
    let broken = broken_without(Rabbitmq, Some(Safeguard::Stock)).await;
    assert_eq!(broken, ["stock_not_negative", "units_sold_once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_crashes_at_each_named_place_keeps_every_promise() {
    crashes::expect_nothing_broken(Rabbitmq, SHOPPING).await;
}
