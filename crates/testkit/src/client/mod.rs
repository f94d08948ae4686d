//! An HTTP client that remembers where the shop is and who is signed in.

mod answer;
mod events;

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;
use reqwest::{Method, redirect};
use serde::Serialize;

pub use answer::Answer;
pub use events::{Event, Events};

/// How long an answer is waited for: longer than the shop's own limit of 30 s, so that it is the shop that says so.
const LIMIT: Duration = Duration::from_secs(40);

/// Where the shop takes connections. It is another place after each restart, and everybody who has a copy knows.
#[derive(Clone, Debug)]
pub struct Front(Arc<RwLock<String>>);

impl Front {
    /// A front at `url`, such as `http://127.0.0.1:8000`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self(Arc::new(RwLock::new(url.into())))
    }

    /// Where it is now.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn moved_to(&self, url: String) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = url;
    }
}

/// Somebody who sends requests.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    front: Front,
    bearer: Option<String>,
}

impl Client {
    /// Somebody who has not signed in. Redirects are not followed, so that they can be looked at.
    ///
    /// # Panics
    /// If the system gives no sockets.
    #[must_use]
    pub fn new(front: &Front) -> Self {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).timeout(LIMIT).build();
        Self { http: http.expect("an HTTP client"), front: front.clone(), bearer: None }
    }

    /// The same, signed in by `access_token`.
    #[must_use]
    pub fn signed_in(&self, access_token: &str) -> Self {
        Self { bearer: Some(access_token.to_owned()), ..self.clone() }
    }

    /// `GET path`.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// `DELETE path`.
    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// `POST path` with a JSON body.
    pub fn post(&self, path: &str, body: &impl Serialize) -> Call {
        self.call(Method::POST, path).json(body)
    }

    /// `PUT path` with a JSON body.
    pub fn put(&self, path: &str, body: &impl Serialize) -> Call {
        self.call(Method::PUT, path).json(body)
    }

    /// `PATCH path` with a JSON body.
    pub fn patch(&self, path: &str, body: &impl Serialize) -> Call {
        self.call(Method::PATCH, path).json(body)
    }

    /// Any request, without a body until it is given one.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let what = format!("{method} {path}");
        let request = self.http.request(method, format!("{}{path}", self.front.url()));
        let request = match &self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Call { what, request }
    }

    /// The events of an order, from the first or from behind the one with the id `seen`.
    pub async fn events(&self, path: &str, seen: Option<&str>) -> Events {
        let call = self.get(path).header("Accept", "text/event-stream");
        let call = match seen {
            Some(id) => call.header("Last-Event-ID", id),
            None => call,
        };
        Events::open(call.what, call.request).await
    }
}

/// A request that is sent when it is awaited.
#[must_use = "a call is sent when it is awaited"]
#[derive(Debug)]
pub struct Call {
    what: String,
    request: reqwest::RequestBuilder,
}

impl Call {
    /// With a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// With an `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// With parameters in its URL.
    pub fn query(self, parameters: &[(&str, &str)]) -> Self {
        Self { request: self.request.query(parameters), ..self }
    }

    /// With a JSON body.
    pub fn json(self, body: &impl Serialize) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    /// With a body of any kind.
    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        let request = self.request.header("Content-Type", content_type).body(body.into());
        Self { request, ..self }
    }

    /// With a body of no kind.
    pub fn bare_body(self, body: impl Into<Bytes>) -> Self {
        Self { request: self.request.body(body.into()), ..self }
    }

    /// Sends it.
    ///
    /// # Errors
    /// When there is no answer: nobody listens, or the connection broke. What the shop did is then not known.
    pub async fn attempt(self) -> Result<Answer, reqwest::Error> {
        let response = self.request.send().await?;
        Answer::read(self.what, response).await
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    /// # Panics
    /// When there is no answer.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let what = self.what.clone();
            self.attempt().await.unwrap_or_else(|error| panic!("{what} got no answer: {error:?}"))
        })
    }
}
