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
async fn all_of_an_ipv6_network_is_one_client() {
    let stub = Stub::start("a").await;
    let gateway = before(&[&stub]).set("UNLIMITED", "").set("TRUSTED_PROXIES", "127.0.0.0/8");
    let (_nginx, client) = start(gateway.set("SIGN_IN_RATE", "1r/m")).await;
    let sign_in = async |address: String| {
        client.post("/customer/login", &json!({})).header("X-Forwarded-For", &address).await.status()
    };
    let mut told = Vec::new();
    for number in 1..=60 {
        told.push(sign_in(format!("2001:db8:1:2::{number:x}")).await);
    }
    assert_eq!((told[0], told[59]), (200, 429));
    assert_eq!(sign_in("2001:db8:1:3::1".to_owned()).await, 200, "the network beside it");
    assert_eq!(sign_in("203.0.113.1".to_owned()).await, 200);
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
