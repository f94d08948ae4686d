//! Several instances of a service: spreading, failing, draining.

use std::collections::BTreeMap;

use contracts::Service;
use serde_json::{Value, json};
use testkit::{Client, eventually};

use crate::{before, start, stub::Stub};

/// Who answers each of `times` requests.
async fn answers(client: &Client, times: usize) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    for _ in 0..times {
        let answer: Value = client.get("/products/whoami").await.expect(200).json();
        *seen.entry(answer["stub"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    seen
}

#[tokio::test]
async fn requests_are_spread_evenly_over_the_instances_on_connections_that_are_kept() {
    let stubs = [Stub::start("a").await, Stub::start("b").await, Stub::start("c").await];
    let (_nginx, client) = start(before(&stubs.each_ref())).await;
    let seen = answers(&client, 30).await;
    assert_eq!(seen.values().copied().collect::<Vec<_>>(), [10, 10, 10], "{seen:?}");
    // One for each of the two workers, at most.
    assert!(stubs.iter().all(|stub| stub.connections() <= 2));
}

#[tokio::test]
async fn an_instance_that_is_gone_is_passed_over_by_reads_and_by_writes() {
    let [gone, left] = [Stub::start("gone").await, Stub::start("left").await];
    let (_nginx, client) = start(before(&[&gone, &left])).await;
    drop(gone);
    assert_eq!(answers(&client, 10).await["left"], 10);
    for _ in 0..10 {
        // Nothing had been sent when the connection was refused, so a POST can go on to another, too.
        client.post("/products/", &json!({})).await.expect(200);
    }
    assert_eq!(left.requests().len(), 20);
}

#[tokio::test]
async fn a_read_that_breaks_off_is_tried_again_elsewhere_and_a_write_is_not_sent_twice() {
    let [broken, other] = [Stub::start("broken").await, Stub::start("other").await];
    broken.break_off();
    let (_nginx, client) = start(before(&[&broken, &other])).await;
    for _ in 0..4 {
        client.get("/products/whoami").await.expect(200);
    }
    assert_eq!(other.requests().len(), 4);

    // Until the broken one is tried again.
    let key = eventually("a write to reach the broken instance", || async {
        let key = uuid::Uuid::new_v4().to_string();
        let answer = client.post("/products/", &json!({})).key(&key).await;
        (answer.status() != 200).then(|| {
            assert!(answer.problem(502).detail.unwrap().contains("Idempotency-Key"));
            key
        })
    })
    .await;
    let has_key = |request: &Value| request["headers"]["idempotency-key"] == key.as_str();
    let sent =
        [broken.requests(), other.requests()].concat().iter().filter(|request| has_key(request)).count();
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn a_read_that_meets_silence_is_answered_elsewhere_in_the_end() {
    let [silent, other] = [Stub::start("silent").await, Stub::start("other").await];
    silent.fall_silent();
    let (_nginx, client) = start(before(&[&silent, &other])).await;
    // One of the two goes to each.
    let (one, two) = tokio::join!(
        client.get("/products/whoami").into_future(),
        client.get("/products/whoami").into_future()
    );
    assert_eq!((one.status(), two.status()), (200, 200));
    assert_eq!((silent.requests().len(), other.requests().len()), (1, 2));
}

#[tokio::test]
async fn an_instance_that_is_busy_is_not_taken_for_a_failed_one() {
    let [a, b] = [Stub::start("a").await, Stub::start("b").await];
    let (_nginx, client) = start(before(&[&a, &b])).await;
    for _ in 0..10 {
        let answer = client.get("/products/busy").await.expect(503);
        assert_eq!(answer.header("retry-after"), Some("7"));
    }
    assert_eq!((a.requests().len(), b.requests().len()), (5, 5));
    assert_eq!(answers(&client, 10).await.len(), 2);
}

#[tokio::test]
async fn a_service_without_a_living_instance_is_a_problem() {
    let stub = Stub::start("gone").await;
    let (_nginx, client) = start(before(&[&stub])).await;
    drop(stub);
    let answer = client.get("/products/whoami").await;
    answer.problem(502);
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn an_instance_that_is_drained_gets_nothing_new_from_one_moment_to_the_next() {
    let [a, b] = [Stub::start("a").await, Stub::start("b").await];
    let (nginx, client) = start(before(&[&a, &b])).await;
    for (number, left) in [(1, "b"), (2, "a")] {
        nginx.drain(Service::Products, number).unwrap();
        assert_eq!(answers(&client, 10).await, BTreeMap::from([(left.to_owned(), 10)]));
        // The headers are the same, whichever way was taken.
        let seen: Value = client.get("/products/x").await.expect(200).json();
        assert_eq!(seen["request"]["headers"]["x-forwarded-prefix"], "/products");
        nginx.undrain(Service::Products, number).unwrap();
        assert_eq!(answers(&client, 10).await.len(), 2);
    }
    // The others go on: there is but one of each.
    nginx.drain(Service::Customer, 1).unwrap();
    client.get("/customer/whoami").await.expect(200);
}

#[tokio::test]
async fn an_instance_is_added_by_a_reload() {
    let [a, b] = [Stub::start("a").await, Stub::start("b").await];
    let (mut nginx, client) = start(before(&[&a])).await;
    assert_eq!(answers(&client, 4).await.len(), 1);
    nginx.reload(before(&[&a, &b])).await.unwrap();
    // The old workers close idle connections, also under a request that is just coming: a read is sent again then, as
    // RFC 9110 (section 9.2.2) lets clients do.
    eventually("the new one to answer", || async {
        let answer: Value = client.get("/products/whoami").attempt().await.ok()?.expect(200).json();
        (answer["stub"] == "b").then_some(())
    })
    .await;
    assert_eq!(answers(&client, 4).await.len(), 2);
}
