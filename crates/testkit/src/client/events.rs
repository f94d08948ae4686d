//! Server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use reqwest::{RequestBuilder, Response};
use serde::de::DeserializeOwned;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub event: String,
    /// What it says.
    pub data: String,
}

impl Event {
    /// What it says, from JSON.
    ///
    /// # Panics
    /// If it is not that.
    #[must_use]
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

/// A stream of events.
#[derive(Debug)]
pub struct Events {
    what: String,
    response: Response,
    text: String,
}

impl Events {
    pub(super) async fn open(what: String, request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap_or_else(|error| panic!("{what} got no answer: {error:?}"));
        Self { what, response, text: String::new() }
    }

    /// The status of the answer: 200 where there is something to follow.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The next event; `None` at the end of the stream. Comments are passed over.
    ///
    /// # Panics
    /// If the connection breaks.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = parse(block);
                self.text = rest.to_owned();
                if let Some(event) = event {
                    return Some(event);
                }
                continue;
            }
            let chunk = self.response.chunk().await;
            let chunk = chunk.unwrap_or_else(|error| panic!("{} broke: {error:?}", self.what))?;
            self.text.push_str(&String::from_utf8_lossy(&chunk).replace('\r', ""));
        }
    }

    /// All events up to the end of the stream.
    ///
    /// # Panics
    /// If the connection breaks.
    pub async fn all(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

fn parse(block: &str) -> Option<Event> {
    let mut event = Event::default();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => value.clone_into(&mut event.id),
            "event" => value.clone_into(&mut event.event),
            "data" if event.data.is_empty() => value.clone_into(&mut event.data),
            "data" => event.data = format!("{}\n{value}", event.data),
            _ => {}
        }
    }
    (!event.data.is_empty()).then_some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_its_fields_and_a_comment_is_none() {
        let event = parse("id: 3\nevent:status\ndata: {\"a\":\ndata: 1}").unwrap();
        assert_eq!((&*event.id, &*event.event, &*event.data), ("3", "status", "{\"a\":\n1}"));
        assert_eq!(parse(": still there"), None);
    }
}
