//! The production shape on a broker that speaks Kafka's protocol, with two instances of each service. What no broker has a
//! part in is left to `rabbitmq`.

use testkit::chaos::{Point, Safeguard, Shape::Kafka};

use crate::{
    crashes,
    lease::{SHOPPING, paused_past_its_lease},
    safeguards::{broken_in, broken_without},
};

#[tokio::test(flavor = "multi_thread")]
async fn with_all_safeguards_no_promise_is_broken() {
    assert!(broken_without(Kafka, None).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_inbox_messages_are_applied_again() {
    assert_eq!(broken_without(Kafka, Some(Safeguard::Inbox)).await, ["messages_applied_once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_paused_past_its_lease_breaks_nothing() {
    assert!(broken_in(paused_past_its_lease(Kafka)).await.is_empty());
}

/// Where the broker has to tell what was done from what was not. Each costs the time until a group has noticed that a member
/// is gone.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_crashes_between_the_broker_and_the_database_keeps_every_promise() {
    let points = [Point::AfterPublish, Point::AfterConfirm, Point::AfterEffect, Point::AfterAck];
    crashes::expect_nothing_broken(Kafka, points.map(|point| (SHOPPING, point))).await;
}
