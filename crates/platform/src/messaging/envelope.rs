//! The envelope: a CloudEvents 1.0 event (<https://github.com/cloudevents/spec>), in binary mode on every broker.

use bytes::Bytes;
use contracts::{Service, Timestamp, events::Event};
use uuid::Uuid;

use crate::trace::TraceContext;

/// An event on its way, with the attributes that brokers carry as headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// CloudEvents `id`: the same at every delivery, which is how an inbox knows a message again.
    pub id: Uuid,
    /// CloudEvents `type`, which is also the routing key: `order.placed.v1`.
    pub event_type: String,
    /// CloudEvents `source`: the publishing service.
    pub source: Service,
    /// CloudEvents `subject`: what it happened to. Order is kept within one aggregate.
    pub aggregate: Uuid,
    /// CloudEvents `time`.
    pub time: Timestamp,
    /// Where in a trace it was sent.
    pub trace: TraceContext,
    /// The event itself, as JSON.
    pub payload: Bytes,
}

impl Envelope {
    /// Wraps `event`, which happened at `time`, in the present task's trace.
    #[must_use]
    pub fn seal<E: Event>(event: &E, time: Timestamp) -> Self {
        Self {
            id: Uuid::now_v7(),
            event_type: E::TYPE.to_owned(),
            source: E::SOURCE,
            aggregate: event.aggregate(),
            time,
            trace: TraceContext::current().child(),
            payload: serde_json::to_vec(event).unwrap_or_default().into(),
        }
    }

    /// The event inside.
    ///
    /// # Errors
    /// [`serde_json::Error`] if the payload is not an `E`.
    pub fn open<E: Event>(&self) -> Result<E, serde_json::Error> {
        serde_json::from_slice(&self.payload)
    }
}
