//! What depends on when bytes come.

use std::time::Duration;

use testkit::{eventually, servers::Nginx};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{before, start, stub::Stub};

const LIMIT: Duration = Duration::from_secs(20);

async fn connect(nginx: &Nginx) -> TcpStream {
    TcpStream::connect(nginx.address()).await.unwrap()
}

/// What comes up to where `end` has come.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = String::new();
    while !read.contains(end) {
        let mut bytes = [0; 4096];
        let count = timeout(LIMIT, stream.read(&mut bytes)).await.unwrap().unwrap();
        assert!(count > 0, "the connection ended after: {read}");
        read.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    read
}

#[tokio::test]
async fn a_client_that_sends_slowly_does_not_hold_a_service() {
    let stub = Stub::start("a").await;
    let (nginx, client) = start(before(&[&stub])).await;
    let mut slow = connect(&nginx).await;
    let head = "POST /shopping/cart HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n";
    slow.write_all(format!("{head}[1,").as_bytes()).await.unwrap();
    // By when others have been answered, it would have been heard of.
    for _ in 0..10 {
        client.get("/shopping/cart").await.expect(200);
    }
    assert!(stub.requests().iter().all(|request| request["method"] == "GET"));
    slow.write_all(b"2 ]").await.unwrap();
    assert!(read_until(&mut slow, "\r\n\r\n").await.starts_with("HTTP/1.1 200"));
    assert_eq!(stub.requests().last().unwrap()["bytes"], 6);
}

#[tokio::test]
async fn a_client_that_does_not_get_on_with_its_header_is_let_go() {
    let stub = Stub::start("a").await;
    let (nginx, _client) = start(before(&[&stub])).await;
    let mut stream = connect(&nginx).await;
    stream.write_all(b"GET /products/ HTTP/1.1\r\nHost: shop\r\n").await.unwrap();
    let mut rest = Vec::new();
    // Closed by nginx, with a 408 or without.
    timeout(LIMIT, stream.read_to_end(&mut rest)).await.unwrap().ok();
}

#[tokio::test]
async fn events_go_out_as_they_come() {
    let stub = Stub::start("a").await;
    let (nginx, _client) = start(before(&[&stub])).await;
    let mut stream = connect(&nginx).await;
    let request = "GET /shopping/orders/7/events HTTP/1.1\r\nHost: shop\r\nAccept-Encoding: gzip\r\nLast-Event-ID: 3\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let first = read_until(&mut stream, "data: first\n\n").await;
    assert!(!first.contains("second"));
    stub.go_on();
    read_until(&mut stream, "data: second\n\n").await;
    assert_eq!(stub.requests()[0]["headers"]["last-event-id"], "3");
}

#[tokio::test]
async fn what_cannot_be_read_is_a_problem() {
    let stub = Stub::start("a").await;
    let (nginx, _client) = start(before(&[&stub])).await;
    for request in ["GET /products/%00 HTTP/1.1\r\nHost: shop\r\n\r\n", "GET /products/ HTTP/1.1\r\n\r\n"] {
        let mut stream = connect(&nginx).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, "}").await;
        assert!(
            answer.starts_with("HTTP/1.1 400") && answer.contains("application/problem+json"),
            "{answer}"
        );
    }
    let mut stream = connect(&nginx).await;
    let long = format!("GET /products/ HTTP/1.1\r\nHost: shop\r\nX-Long: {}\r\n\r\n", "x".repeat(40_000));
    stream.write_all(long.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "}").await;
    assert!(answer.starts_with("HTTP/1.1 431") && answer.contains("application/problem+json"), "{answer}");
}

/// A service would not see them, and place an order twice whose key is such.
#[tokio::test]
async fn a_header_that_services_cannot_see_is_refused() {
    let stub = Stub::start("a").await;
    let (nginx, _client) = start(before(&[&stub])).await;
    for header in ["Idempotency-Key", "Cart-Token", "Last-Event-ID", "Authorization"] {
        for value in [&b"\xe9key"[..], "\u{e9}key".as_bytes()] {
            let mut request = format!("GET /shopping/cart HTTP/1.1\r\nHost: shop\r\n{header}: ").into_bytes();
            request.extend_from_slice(value);
            request.extend_from_slice(b"\r\n\r\n");
            let mut stream = connect(&nginx).await;
            stream.write_all(&request).await.unwrap();
            let answer = read_until(&mut stream, "}").await;
            assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("not ASCII"), "{answer}");
        }
    }
    let mut stream = connect(&nginx).await;
    let long = "x".repeat(40_000);
    let both = [
        b"GET /products/ HTTP/1.1\r\nHost: shop\r\nIdempotency-Key: \xe9\r\nX-Long: ",
        long.as_bytes(),
        b"\r\n\r\n",
    ];
    stream.write_all(&both.concat()).await.unwrap();
    let answer = read_until(&mut stream, "}").await;
    assert!(answer.starts_with("HTTP/1.1 431") && answer.contains("application/problem+json"), "{answer}");
    assert!(stub.requests().is_empty());
}

#[tokio::test]
async fn the_access_log_is_json_without_anything_secret() {
    let stub = Stub::start("a").await;
    let (nginx, client) = start(before(&[&stub])).await;
    client.get("/products/x?q=\"tea\"").header("Authorization", "Bearer secret").await.expect(200);
    let log = eventually("the access log to be written", || async {
        let log = std::fs::read_to_string(nginx.folder().join("logs/access.log")).ok()?;
        log.ends_with('\n').then_some(log)
    })
    .await;
    let line: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!((&line["status"], &line["service"]), (&200.into(), &"products".into()));
    assert_eq!(line["upstream"], stub.address().to_string());
    assert!(!log.contains("secret"));
}
