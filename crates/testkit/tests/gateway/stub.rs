//! An instance of a service, as far as nginx can tell.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
};

/// A server that answers each request with what it was. It ends with this value.
pub struct Stub {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    name: String,
    requests: Mutex<Vec<Value>>,
    connections: AtomicUsize,
    breaks_off: AtomicBool,
    is_silent: AtomicBool,
    go_on: Notify,
}

impl Stub {
    pub async fn start(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { name: name.to_owned(), ..Shared::default() });
        let serving = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Self { address, shared, serving }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked, in order.
    pub fn requests(&self) -> Vec<Value> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// How many connections it has taken.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(SeqCst)
    }

    /// From now on it reads a request and closes the connection.
    pub fn break_off(&self) {
        self.shared.breaks_off.store(true, SeqCst);
    }

    /// From now on it reads requests and says nothing.
    pub fn fall_silent(&self) {
        self.shared.is_silent.store(true, SeqCst);
    }

    /// Lets a stream of events go on.
    pub fn go_on(&self) {
        self.shared.go_on.notify_one();
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, SeqCst);
        connections.spawn(converse(stream, Arc::clone(&shared)));
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        shared.requests.lock().unwrap().push(request.clone());
        if shared.breaks_off.load(SeqCst) {
            return;
        }
        if shared.is_silent.load(SeqCst) {
            std::future::pending::<()>().await;
        }
        let path = request["path"].as_str().unwrap();
        if path.ends_with("/events") {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
            stream.write_all(format!("{head}data: first\n\n").as_bytes()).await.unwrap();
            shared.go_on.notified().await;
            stream.write_all(b"data: second\n\n").await.ok();
            return;
        }
        let padding = if path.contains("large") { " ".repeat(4096) } else { String::new() };
        let body = json!({ "stub": shared.name, "request": request, "padding": padding }).to_string();
        let status =
            if path.contains("busy") { "503 Service Unavailable\r\nRetry-After: 7" } else { "200 OK" };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nX-Frame-Options: SAMEORIGIN\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Value> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Map::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.into());
    }
    let length = headers.get("content-length").and_then(|length| length.as_str()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some(json!({ "method": method, "path": path, "headers": headers, "bytes": body.len() }))
}
