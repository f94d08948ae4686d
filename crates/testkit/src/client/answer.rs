//! An answer, and what is expected of it.

use bytes::Bytes;
use reqwest::{Response, header::HeaderMap};
use serde::de::DeserializeOwned;

use crate::views::Problem;

/// What the shop answered.
#[derive(Clone, Debug)]
pub struct Answer {
    what: String,
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    pub(super) async fn read(what: String, response: Response) -> Result<Self, reqwest::Error> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { what, status, headers, body: response.bytes().await? })
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// How many bytes the body has.
    #[must_use]
    pub fn size(&self) -> usize {
        self.body.len()
    }

    /// The same answer, if it has this status.
    ///
    /// # Panics
    /// If it has another; the message has all of it.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not that; the message has all of it.
    #[must_use]
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self}"))
    }

    /// The problem, if it is one with this status that can be found in the logs.
    ///
    /// # Panics
    /// If it is not; the message has all of it.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Problem {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self}");
        let problem: Problem = self.json();
        assert_eq!(problem.status, status, "{self}");
        assert!(!problem.title.is_empty() && problem.trace_id.len() == 32, "{self}");
        assert_eq!(self.header("x-request-id"), Some(&*problem.trace_id), "{self}");
        problem
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the answer to {}: {} {}", self.what, self.status, self.text())
    }
}
