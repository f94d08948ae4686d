//! What clients may do: how often, how much.

use serde_json::json;

use crate::{before, start, stub::Stub};

#[tokio::test]
async fn whoever_asks_too_often_is_told_to_wait() {
    let stub = Stub::start("a").await;
    let gateway =
        before(&[&stub]).set("UNLIMITED", "").set("SIGN_IN_RATE", "1r/m").set("REQUEST_RATE", "1r/m");
    let (_nginx, client) = start(gateway).await;
    for path in ["/customer/login", "/customer/signup"] {
        let mut refused = None;
        for _ in 0..60 {
            let answer = client.post(path, &json!({})).await;
            if answer.status() != 200 {
                refused = Some(answer);
            }
        }
        let refused = refused.unwrap();
        refused.problem(429);
        assert_eq!(refused.header("retry-after"), Some("1"));
    }
    // To look around is another matter, with a limit of its own.
    client.get("/products/").await.expect(200);
    for _ in 0..400 {
        client.get("/products/").await;
    }
    client.get("/products/").await.problem(429);
}

#[tokio::test]
async fn a_network_can_be_let_off_the_limits() {
    let stub = Stub::start("a").await;
    let gateway = before(&[&stub]).set("UNLIMITED", "127.0.0.0/8").set("SIGN_IN_RATE", "1r/m");
    let (_nginx, client) = start(gateway).await;
    for _ in 0..60 {
        client.post("/customer/login", &json!({})).await.expect(200);
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_before_a_service_hears_of_it() {
    let stub = Stub::start("a").await;
    let (_nginx, client) = start(before(&[&stub])).await;
    let send = |path: &str, bytes: usize| {
        client.call(reqwest::Method::POST, path).body("application/json", vec![b' '; bytes])
    };
    send("/products/", 129 << 10).await.problem(413);
    send("/products/import", (8 << 20) + 1).await.problem(413);
    assert!(stub.requests().is_empty());
    send("/products/", 100 << 10).await.expect(200);
    send("/products/import", 8 << 20).await.expect(200);
}
