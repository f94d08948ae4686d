//! What a service sees of a request, and a client of an answer.

use contracts::Service;
use serde_json::{Value, json};

use crate::{before, start, stub::Stub};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn the_prefix_is_taken_off_and_the_rest_stays_as_the_client_wrote_it() {
    let stub = Stub::start("a").await;
    let (_nginx, client) = start(before(&[&stub])).await;
    let cases = [
        ("/products", "/"),
        ("/products?q=a%20b", "/?q=a%20b"),
        ("/products/", "/"),
        ("/products/category/Tea%2FCoffee%3F", "/category/Tea%2FCoffee%3F"),
        ("/customer/addresses/7?x=%2F", "/addresses/7?x=%2F"),
        ("/payment/payments/1", "/payments/1"),
    ];
    for (path, seen) in cases {
        let answer: Value = client.get(path).await.expect(200).json();
        assert_eq!(answer["request"]["path"], seen, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_for_the_outside_is_not_found() {
    let stub = Stub::start("a").await;
    let (_nginx, client) = start(before(&[&stub])).await;
    for path in [
        "/nothing",
        "/index.html",
        "/front/index.html",
        "/productsx",
        "/products/metrics",
        "/customer/metrics/",
        "/payment/%6Detrics",
        "/shopping/a/%2E%2E/metrics",
    ] {
        client.get(path).await.problem(404);
    }
    assert!(stub.requests().is_empty());
    client.get("/products/docs/").await.expect(200);
    client.get("/health/live").await.expect(200);
}

#[tokio::test]
async fn the_front_door_has_a_page_that_leads_to_every_service() {
    let stub = Stub::start("a").await;
    let (_nginx, client) = start(before(&[&stub])).await;
    let page = client.get("/").await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/html"));
    assert_eq!(page.text(), include_str!("../../../../deploy/gateway/index.html"));
    for service in Service::ALL {
        assert!(page.text().contains(&format!("/{service}/docs/")), "{service}");
    }
    client.post("/", &json!({})).await.problem(405);
    assert!(stub.requests().is_empty());
}

#[tokio::test]
async fn the_service_learns_who_asks_from_the_gateway_alone() {
    let stub = Stub::start("a").await;
    let (_nginx, client) = start(before(&[&stub])).await;
    let answer = client
        .get("/shopping/cart")
        .header("X-Real-IP", "6.6.6.6")
        .header("X-Forwarded-For", "6.6.6.6")
        .header("X-Forwarded-Proto", "https")
        .header("Authorization", "Bearer abc")
        .header("Cart-Token", "def")
        .key("key-1")
        .await;
    let seen: Value = answer.expect(200).json();
    let headers = &seen["request"]["headers"];
    assert_eq!(headers["x-real-ip"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert_eq!(headers["x-forwarded-prefix"], "/shopping");
    assert_eq!(headers["authorization"], "Bearer abc");
    assert_eq!(headers["cart-token"], "def");
    assert_eq!(headers["idempotency-key"], "key-1");
    assert_eq!(headers["connection"], Value::Null);
}

#[tokio::test]
async fn behind_a_proxy_that_is_trusted_the_client_is_whom_that_names() {
    let stub = Stub::start("a").await;
    let (_nginx, client) = start(before(&[&stub]).set("TRUSTED_PROXIES", "127.0.0.0/8")).await;
    let request = client
        .get("/shopping/cart")
        .header("X-Forwarded-For", "6.6.6.6, 203.0.113.9")
        .header("X-Forwarded-Proto", "https");
    let answer = request.await.expect(200);
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=63072000"));
    let seen: Value = answer.json();
    assert_eq!(seen["request"]["headers"]["x-real-ip"], "203.0.113.9");
    assert_eq!(seen["request"]["headers"]["x-forwarded-proto"], "https");
}

#[tokio::test]
async fn a_trace_goes_on_or_begins() {
    let stub = Stub::start("a").await;
    let (_nginx, client) = start(before(&[&stub])).await;
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let answer = client.get("/products/x").header("traceparent", &parent).await.expect(200);
    assert_eq!(answer.header("x-request-id"), Some(TRACE));
    let seen: Value = answer.json();
    assert_eq!(seen["request"]["headers"]["traceparent"], parent.as_str());

    let dashed = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";
    let answer = client.get("/products/x").header("X-Request-Id", dashed).await.expect(200);
    assert_eq!(answer.header("x-request-id"), Some(TRACE));

    for (name, value) in [("traceparent", "00-0-0-00"), ("X-Request-Id", "\"}injected"), ("X-Nothing", "")] {
        let answer = client.get("/products/x").header(name, value).await.expect(200);
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert!(id.len() == 32 && id != TRACE);
        let seen: Value = answer.json();
        let parent = seen["request"]["headers"]["traceparent"].as_str().unwrap();
        assert!(parent.starts_with(&format!("00-{id}-")) && parent.len() == 55, "{parent}");
        assert_eq!(seen["request"]["headers"]["x-request-id"], id.as_str());
    }
}

#[tokio::test]
async fn every_answer_has_the_headers_that_browsers_are_told_by_once() {
    let stub = Stub::start("a").await;
    let (_nginx, client) = start(before(&[&stub])).await;
    for path in ["/products/x", "/nothing"] {
        let answer = client.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(
            answer.header("content-security-policy"),
            Some("default-src 'none'; frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(answer.header("strict-transport-security"), None, "{path}");
        assert_eq!(answer.header("server"), Some("nginx"), "{path}");
    }
    let docs = client.get("/products/docs/").await;
    assert!(docs.header("content-security-policy").unwrap().contains("script-src 'self'"));
}

#[tokio::test]
async fn the_catalogue_is_cached_for_those_whom_it_does_not_know() {
    let stub = Stub::start("a").await;
    let (_nginx, client) = start(before(&[&stub]).set("CACHE", "on")).await;
    // One second may end between two requests: it is tried until it does not.
    testkit::eventually("a hit", || async {
        let answer = client.get("/products/7").await.expect(200);
        (answer.header("x-cache") == Some("HIT")).then_some(())
    })
    .await;
    for (name, value) in [("Authorization", "Bearer abc"), ("Cart-Token", "def")] {
        let answer = client.get("/products/7").header(name, value).await.expect(200);
        assert_eq!(answer.header("x-cache"), Some("BYPASS"));
        let seen: Value = answer.json();
        assert_eq!(seen["request"]["headers"][name.to_ascii_lowercase()], value);
    }
    for _ in 0..3 {
        assert_eq!(client.get("/products/whoami").await.expect(200).header("x-cache"), Some("BYPASS"));
        assert_eq!(client.get("/shopping/cart").await.expect(200).header("x-cache"), None);
    }
    let before = stub.requests().len();
    for _ in 0..3 {
        client.post("/products/ids", &json!({ "ids": [] })).await.expect(200);
    }
    assert_eq!(stub.requests().len(), before + 3);
}

#[tokio::test]
async fn json_is_compressed_for_those_who_ask_for_it() {
    let stub = Stub::start("a").await;
    let (_nginx, client) = start(before(&[&stub])).await;
    let answer = client.get("/products/large").header("Accept-Encoding", "gzip").await.expect(200);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert!(answer.size() < 1_000);
    let answer = client.get("/products/large").await.expect(200);
    assert_eq!(answer.header("content-encoding"), None);
    let seen: Value = answer.json();
    assert_eq!(seen["request"]["headers"]["accept-encoding"], Value::Null);
}
