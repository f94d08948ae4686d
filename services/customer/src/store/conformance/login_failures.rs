//! Counting failed logins.

use std::time::Duration;

use contracts::Timestamp;

use super::fixture::{Fixture, NOW, origin, password, session};
use crate::domain::{Failures, MOST_BY_NETWORK, MOST_BY_ORIGIN, Origin, WINDOW};

const SECOND: Duration = Duration::from_secs(1);

async fn fail(fixture: &Fixture, origin: &Origin, at: Timestamp) {
    fixture.store.record_login_failure(origin.clone(), at, at - WINDOW).await.unwrap();
}

async fn wait(fixture: &Fixture, origin: &Origin, at: Timestamp) -> Option<Duration> {
    fixture.store.login_failures(origin, at - WINDOW).await.unwrap().wait(at)
}

pub async fn the_fifth_failure_closes_an_account_to_its_origin(fixture: Fixture) {
    let ada = origin("ada@example.com", 1);
    for number in 0..MOST_BY_ORIGIN {
        assert_eq!(wait(&fixture, &ada, NOW).await, None, "after {number}");
        fail(&fixture, &ada, NOW).await;
    }
    assert_eq!(wait(&fixture, &ada, NOW).await, Some(WINDOW));
    for other in [origin("ada@example.com", 2), origin("eve@example.com", 1)] {
        assert_eq!(wait(&fixture, &other, NOW).await, None, "{other:?}");
    }
}

pub async fn the_fiftieth_failure_closes_everything_to_its_network(fixture: Fixture) {
    let ada = origin("ada@example.com", 1);
    for number in 0..MOST_BY_NETWORK {
        assert_eq!(wait(&fixture, &ada, NOW).await, None, "after {number}");
        fail(&fixture, &origin(&format!("{number}@example.com"), 1), NOW).await;
    }
    assert_eq!(wait(&fixture, &ada, NOW).await, Some(WINDOW));
    assert_eq!(wait(&fixture, &origin("ada@example.com", 2), NOW).await, None);
}

pub async fn a_failure_counts_within_its_window(fixture: Fixture) {
    let ada = origin("ada@example.com", 1);
    for number in 0..MOST_BY_ORIGIN {
        fail(&fixture, &ada, NOW + SECOND * number).await;
    }
    let last = NOW + SECOND * (MOST_BY_ORIGIN - 1);
    assert_eq!(wait(&fixture, &ada, last).await, Some(WINDOW - SECOND * (MOST_BY_ORIGIN - 1)));
    // The first of the five leaves the window; one more failure, and the second of them is what has to leave.
    assert_eq!(wait(&fixture, &ada, NOW + WINDOW).await, None);
    fail(&fixture, &ada, NOW + WINDOW).await;
    assert_eq!(wait(&fixture, &ada, NOW + WINDOW).await, Some(SECOND));
    assert_eq!(wait(&fixture, &ada, NOW + WINDOW + SECOND).await, None);
}

pub async fn a_success_forgets_the_failures_of_its_origin_alone(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    let elsewhere = origin("ada@example.com", 2);
    for _ in 0..MOST_BY_ORIGIN {
        fail(&fixture, &ada.origin, NOW).await;
        fail(&fixture, &elsewhere, NOW).await;
    }
    let started = fixture.store.start_session(session(ada.id), password(1), ada.origin.clone()).await;
    assert!(started.unwrap());
    let failures = fixture.store.login_failures(&ada.origin, NOW - WINDOW).await.unwrap();
    assert_eq!(failures, Failures::default());
    assert_eq!(wait(&fixture, &elsewhere, NOW).await, Some(WINDOW));
}
