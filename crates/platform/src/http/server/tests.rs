use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use rocket::{
    Data, Request,
    http::{ContentType, Method},
    local::asynchronous::Client,
    route::{self, Handler},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
    time::timeout,
};

use super::*;

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn it_serves_at_a_free_port_until_it_is_told_to_stop() {
    let shutdown = CancellationToken::new();
    let (ready, address) = oneshot::channel();
    let serving = tokio::spawn(Server::default().serve(shutdown.clone(), move |address| {
        let _ = ready.send(address);
    }));
    let address = timeout(LIMIT, address).await.unwrap().unwrap();

    // An idle connection that is kept alive must not hold it.
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /nothing HTTP/1.1\r\nHost: shop\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 4096];
    let length = timeout(LIMIT, client.read(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).to_lowercase();
    assert!(answer.starts_with("http/1.1 404"), "{answer}");
    assert!(answer.contains("server: mercato"), "{answer}");
    assert!(answer.contains("x-content-type-options: nosniff"), "{answer}");

    shutdown.cancel();
    timeout(LIMIT, serving).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

/// Says by which method it was reached.
#[derive(Clone)]
struct Echo;

#[async_trait]
impl Handler for Echo {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> route::Outcome<'r> {
        route::Outcome::from(request, request.method().as_str())
    }
}

#[tokio::test]
async fn a_form_does_not_make_a_post_another_method() {
    let routes = [Method::Post, Method::Delete, Method::Patch, Method::Put];
    let routes = routes.map(|method| Route::new(method, "/", Echo)).to_vec();
    let client = Client::untracked(Server::default().mount("/thing", routes).rocket()).await.unwrap();
    for form in ["_method=delete", "_method=PATCH&a=b", "&_method=delete", "[_method]=put"] {
        let answer = client.post("/thing").header(ContentType::Form).body(form).dispatch().await;
        assert_eq!(answer.into_string().await.as_deref(), Some("POST"), "{form}");
    }
    let answer = client.delete("/thing").dispatch().await;
    assert_eq!(answer.into_string().await.as_deref(), Some("DELETE"));
}

/// Answers once it is let go.
#[derive(Clone)]
struct Slow {
    started: Arc<Notify>,
    finish: Arc<Notify>,
}

#[async_trait]
impl Handler for Slow {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> route::Outcome<'r> {
        self.started.notify_one();
        self.finish.notified().await;
        route::Outcome::from(request, "done")
    }
}

#[tokio::test]
async fn a_request_that_is_under_way_at_the_end_is_answered() {
    let slow = Slow { started: Arc::default(), finish: Arc::default() };
    let shutdown = CancellationToken::new();
    let (ready, address) = oneshot::channel();
    let server = Server::default().mount("/", vec![Route::new(Method::Get, "/slow", slow.clone())]);
    let serving = tokio::spawn(server.serve(shutdown.clone(), move |address| {
        let _ = ready.send(address);
    }));
    let mut client = TcpStream::connect(address.await.unwrap()).await.unwrap();
    client.write_all(b"GET /slow HTTP/1.1\r\nHost: shop\r\n\r\n").await.unwrap();
    timeout(LIMIT, slow.started.notified()).await.unwrap();

    shutdown.cancel();
    slow.finish.notify_one();
    let mut answer = String::new();
    timeout(LIMIT, client.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
    timeout(LIMIT, serving).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = other.local_addr().unwrap();
    let error =
        Server::new(address.ip(), address.port()).serve(CancellationToken::new(), |_| {}).await.unwrap_err();
    assert!(matches!(error, ServeError::PortTaken(taken) if taken == address), "{error}");
}

#[tokio::test]
async fn a_server_that_was_told_to_stop_before_it_started_stops() {
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    timeout(LIMIT, Server::default().serve(shutdown, |_| {})).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_address_of_version_6_can_be_served() {
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let served = Server::new(std::net::Ipv6Addr::LOCALHOST.into(), 0)
        .serve(shutdown, move |address| {
            assert!(address.is_ipv6());
            stop.cancel();
        })
        .await;
    // A machine without it says so.
    assert!(
        matches!(served, Ok(()) | Err(ServeError::NoSuchAddress(_) | ServeError::Failed(_))),
        "{served:?}"
    );
}
