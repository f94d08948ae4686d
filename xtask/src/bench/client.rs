//! One connection to the shop that is kept open: HTTP/1.1 with as little as possible around it.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request,
    client::conn::http1::{self, SendRequest},
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::{
    net::TcpStream,
    task::AbortHandle,
    time::{sleep, timeout},
};

/// How long an answer is waited for: longer than the shop's own limit of 30 s.
const LIMIT: Duration = Duration::from_secs(40);
/// How often somebody who waits for a starting shop looks again.
const READY_POLL: Duration = Duration::from_millis(2);

/// Why there is no answer that is of use, in the words that the report counts it under.
pub(super) type Failure = String;

/// What was answered.
pub(super) struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// This answer, if it has the status that is wanted.
    pub fn expect(self, status: u16) -> Result<Self, Failure> {
        if self.status == status {
            return Ok(self);
        }
        let mut said = String::from_utf8_lossy(&self.body).into_owned();
        said.truncate(said.char_indices().nth(160).map_or(said.len(), |(at, _)| at));
        Err(format!("answered {} and not {status}: {said}", self.status))
    }

    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body)
            .map_err(|error| format!("an answer that is not understood: {error}"))
    }
}

/// A connection, and how many requests went through it.
pub(super) struct Connection {
    front: SocketAddr,
    host: HeaderValue,
    open: Option<Open>,
    /// The requests that were answered.
    pub requests: u64,
}

struct Open {
    sender: SendRequest<Full<Bytes>>,
    driver: AbortHandle,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// A connection to `front`, opened by the first request.
    pub fn new(front: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { front, host: HeaderValue::try_from(front.to_string())?, open: None, requests: 0 })
    }

    /// `GET path`, signed in or not.
    pub async fn get(&mut self, path: &str, bearer: Option<&HeaderValue>) -> Result<Answer, Failure> {
        self.send(Method::GET, path, bearer, Bytes::new()).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(
        &mut self,
        path: &str,
        bearer: Option<&HeaderValue>,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        self.send(Method::POST, path, bearer, body).await
    }

    /// `DELETE path`.
    pub async fn delete(&mut self, path: &str, bearer: &HeaderValue) -> Result<Answer, Failure> {
        self.send(Method::DELETE, path, Some(bearer), Bytes::new()).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        bearer: Option<&HeaderValue>,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.host);
        if let Some(bearer) = bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, const { HeaderValue::from_static("application/json") });
        }
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        let answer = timeout(LIMIT, self.exchange(request))
            .await
            .unwrap_or_else(|_| Err("no answer in time".to_owned()));
        match &answer {
            Ok(_) => self.requests += 1,
            // What else comes through it would be taken for the answer to another request.
            Err(_) => self.open = None,
        }
        answer
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let sender = self.sender().await?;
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(Answer { status, body })
    }

    /// What takes the next request: the connection is opened again if the shop has closed it.
    async fn sender(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Failure> {
        let usable = match &mut self.open {
            Some(open) => open.sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            self.open = Some(self.connect().await?);
        }
        self.open.as_mut().map(|open| &mut open.sender).ok_or_else(|| "no connection".to_owned())
    }

    async fn connect(&self) -> Result<Open, Failure> {
        let stream =
            TcpStream::connect(self.front).await.map_err(|error| format!("cannot connect: {error}"))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let (sender, driver) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        // When it breaks, whoever waits for an answer is told so.
        let driver = tokio::spawn(async move { driver.await.unwrap_or_default() }).abort_handle();
        Ok(Open { sender, driver })
    }

    /// Asks for `path` until it is answered with 200.
    ///
    /// # Errors
    /// When it has not been for `limit`; the message has what was said last.
    pub async fn until_ready(&mut self, path: &str, limit: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + limit;
        loop {
            let answer = self.get(path, None).await.and_then(|answer| answer.expect(200));
            let Err(failure) = answer else { return Ok(()) };
            anyhow::ensure!(Instant::now() < until, "{path} is not ready after {limit:?}: {failure}");
            sleep(READY_POLL).await;
        }
    }
}
