//! An event on the wire: CloudEvents 1.0 in binary mode
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md>): the record's value is
//! the event's data alone, and its attributes are headers.

use bytes::Bytes;
use contracts::{Service, Timestamp};
use rdkafka::{
    Message as _,
    message::{OwnedHeaders, OwnedMessage},
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::headers;
use crate::messaging::Envelope;

/// The type of what is no event. Nobody handles it, so that a consumer makes a dead letter of it.
const MALFORMED: &str = "malformed";
/// When it happened, if that cannot be read: the same each time that it comes.
const NO_TIME: Timestamp = Timestamp::from_micros(0);

/// The headers that `envelope` is published with.
pub(super) fn attributes(envelope: &Envelope) -> OwnedHeaders {
    let attributes = [
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", envelope.id.to_string()),
        ("ce_type", envelope.event_type.clone()),
        ("ce_source", envelope.source.to_string()),
        ("ce_subject", envelope.aggregate.to_string()),
        ("ce_time", envelope.time.to_string()),
    ];
    headers::headers(envelope.trace, attributes)
}

/// What was delivered. What is no event becomes one that nobody handles, under an id that is the same each time it is
/// delivered: it ends as a dead letter, with its payload as it came.
pub(super) fn envelope(message: &OwnedMessage) -> Envelope {
    let payload = Bytes::copy_from_slice(message.payload().unwrap_or_default());
    match read(message.headers()) {
        Ok(envelope) => Envelope { payload, ..envelope },
        Err(reason) => {
            let (topic, partition, offset) = (message.topic(), message.partition(), message.offset());
            tracing::error!(topic, partition, offset, reason, "a message is no event");
            malformed(message, payload)
        }
    }
}

fn read(attributes: Option<&OwnedHeaders>) -> Result<Envelope, String> {
    Ok(Envelope {
        id: headers::parsed(attributes, "ce_id")?,
        event_type: headers::text(attributes, "ce_type")?.to_owned(),
        source: headers::parsed(attributes, "ce_source")?,
        aggregate: headers::parsed(attributes, "ce_subject")?,
        time: headers::parsed(attributes, "ce_time")?,
        trace: headers::trace(attributes),
        payload: Bytes::new(),
    })
}

fn malformed(message: &OwnedMessage, payload: Bytes) -> Envelope {
    // Where it lies is what it is known by; with its content, since a topic may be removed and made again.
    let place = format!("{}/{}/{};", message.topic(), message.partition(), message.offset());
    let digest = Sha256::new().chain_update(place).chain_update(&payload).finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    let id = uuid::Builder::from_custom_bytes(id).into_uuid();
    let attributes = message.headers();
    Envelope {
        id,
        event_type: MALFORMED.to_owned(),
        source: headers::parsed(attributes, "ce_source").unwrap_or(Service::Shopping),
        aggregate: headers::parsed::<Uuid>(attributes, "ce_subject").unwrap_or(id),
        time: headers::parsed(attributes, "ce_time").unwrap_or(NO_TIME),
        trace: headers::trace(attributes),
        payload,
    }
}

/// Whether `envelope` is no event at all.
pub(super) fn is_malformed(envelope: &Envelope) -> bool {
    envelope.event_type == MALFORMED
}

#[cfg(test)]
mod tests {
    use contracts::{OrderId, events::OrderAuthorised};

    use super::*;

    fn message(offset: i64, headers: Option<OwnedHeaders>, payload: &[u8]) -> OwnedMessage {
        let (topic, time) = ("events".to_owned(), rdkafka::Timestamp::NotAvailable);
        OwnedMessage::new(Some(payload.to_vec()), None, topic, time, 0, offset, headers)
    }

    #[test]
    fn an_envelope_survives_the_wire() {
        let sent = Envelope::seal(&OrderAuthorised { order_id: OrderId::new() }, Timestamp::now());
        assert_eq!(envelope(&message(1, Some(attributes(&sent)), &sent.payload)), sent);
    }

    #[test]
    fn what_is_no_event_is_known_again_when_it_comes_again() {
        let first = envelope(&message(1, None, b"\xff"));
        let again = envelope(&message(1, None, b"\xff"));
        let other = envelope(&message(2, None, b"\xff"));
        assert!(is_malformed(&first));
        assert_eq!(&first.payload[..], b"\xff".as_slice());
        assert_eq!(first.id, again.id);
        assert_ne!(first.id, other.id);
    }
}
