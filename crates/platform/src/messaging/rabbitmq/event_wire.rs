//! An event on the wire: CloudEvents 1.0 in binary mode
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md>): the payload is the
//! event's data alone, and its attributes are headers.

use bytes::Bytes;
use contracts::{Service, Timestamp};
use lapin::{BasicProperties, message::Delivery};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::headers;
use crate::messaging::Envelope;

/// AMQP's delivery mode of a message that is written to disk.
const PERSISTENT: u8 = 2;
/// The type of what is no event. Nobody handles it, so that a consumer makes a dead letter of it.
const MALFORMED: &str = "malformed";
/// When it happened, if that cannot be read: the same each time that it comes.
const NO_TIME: Timestamp = Timestamp::from_micros(0);

/// The properties that `envelope` is published with.
pub(super) fn properties(envelope: &Envelope) -> BasicProperties {
    let attributes = [
        ("cloudEvents_specversion", "1.0".to_owned()),
        ("cloudEvents_id", envelope.id.to_string()),
        ("cloudEvents_type", envelope.event_type.clone()),
        ("cloudEvents_source", envelope.source.to_string()),
        ("cloudEvents_subject", envelope.aggregate.to_string()),
        ("cloudEvents_time", envelope.time.to_string()),
    ];
    BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(envelope.id.to_string().into())
        .with_headers(headers::table(envelope.trace, attributes))
}

/// What was delivered. What is no event becomes one that nobody handles, under an id that is the same each time it is
/// delivered: it ends as a dead letter, with its payload as it came.
pub(super) fn envelope(delivery: &mut Delivery) -> Envelope {
    let payload = Bytes::from(std::mem::take(&mut delivery.data));
    match attributes(&delivery.properties) {
        Ok(envelope) => Envelope { payload, ..envelope },
        Err(reason) => {
            tracing::error!(queue_key = %delivery.routing_key, reason, "a message is no event");
            malformed(delivery, payload)
        }
    }
}

fn attributes(properties: &BasicProperties) -> Result<Envelope, String> {
    Ok(Envelope {
        id: headers::parsed(properties, "cloudEvents_id")?,
        event_type: headers::text(properties, "cloudEvents_type")?.to_owned(),
        source: headers::parsed(properties, "cloudEvents_source")?,
        aggregate: headers::parsed(properties, "cloudEvents_subject")?,
        time: headers::parsed(properties, "cloudEvents_time")?,
        trace: headers::trace(properties),
        payload: Bytes::new(),
    })
}

fn malformed(delivery: &Delivery, payload: Bytes) -> Envelope {
    let properties = &delivery.properties;
    let mut digest = Sha256::new().chain_update(&payload);
    // Not the key, which is another one once the broker has given the message up, and not what the broker adds.
    let own = properties.headers().iter().flat_map(|headers| headers.inner().iter());
    for (name, value) in own.filter(|(name, _)| !name.as_str().starts_with("x-")) {
        digest.update(format!("{name}={value:?};"));
    }
    digest.update(format!("{:?}", properties.message_id()));
    let mut id = [0; 16];
    id.copy_from_slice(&digest.finalize()[..16]);
    let id = uuid::Builder::from_custom_bytes(id).into_uuid();
    Envelope {
        id,
        event_type: MALFORMED.to_owned(),
        source: headers::parsed(properties, "cloudEvents_source").unwrap_or(Service::Shopping),
        aggregate: headers::parsed::<Uuid>(properties, "cloudEvents_subject").unwrap_or(id),
        time: headers::parsed(properties, "cloudEvents_time").unwrap_or(NO_TIME),
        trace: headers::trace(properties),
        payload,
    }
}

#[cfg(test)]
mod tests {
    use contracts::{OrderId, events::OrderAuthorised};
    use lapin::types::{AMQPValue, FieldTable};
    use proptest::prelude::*;

    use super::*;

    fn delivery(properties: BasicProperties, payload: &[u8]) -> Delivery {
        let mut delivery = Delivery::mock(1, "".into(), "key".into(), false, payload.to_vec());
        delivery.properties = properties;
        delivery
    }

    #[test]
    fn an_envelope_survives_the_wire() {
        let sent = Envelope::seal(&OrderAuthorised { order_id: OrderId::new() }, Timestamp::now());
        assert_eq!(envelope(&mut delivery(properties(&sent), &sent.payload)), sent);
    }

    #[test]
    fn what_is_no_event_is_known_again_when_it_comes_again() {
        let headers = |count| {
            let mut headers = FieldTable::default();
            headers.insert("x-delivery-count".into(), AMQPValue::LongInt(count));
            headers.insert("cloudEvents_type".into(), AMQPValue::Boolean(true));
            BasicProperties::default().with_headers(headers)
        };
        let first = envelope(&mut delivery(headers(1), b"\xff"));
        let again = envelope(&mut delivery(headers(2), b"\xff"));
        let other = envelope(&mut delivery(headers(1), b"other"));
        assert_eq!((first.event_type.as_str(), &first.payload[..]), (MALFORMED, b"\xff".as_slice()));
        assert_eq!(first.id, again.id);
        assert_ne!(first.id, other.id);
    }

    /// A header as somebody else might send it.
    fn any_value() -> impl Strategy<Value = AMQPValue> {
        prop_oneof![
            "\\PC{0,40}".prop_map(|text| AMQPValue::LongString(text.into())),
            prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| AMQPValue::LongString(bytes.into())),
            "(customer|products|shopping|payment|1\\.0)".prop_map(|text| AMQPValue::LongString(text.into())),
            any::<u128>().prop_map(|id| AMQPValue::LongString(Uuid::from_u128(id).to_string().into())),
            "[0-9T:.Z+-]{0,40}".prop_map(|text| AMQPValue::LongString(text.into())),
            any::<i64>().prop_map(AMQPValue::LongLongInt),
            any::<bool>().prop_map(AMQPValue::Boolean),
            Just(AMQPValue::Void),
        ]
    }

    fn any_headers() -> impl Strategy<Value = BasicProperties> {
        let name = "cloudEvents_(id|type|source|subject|time)|traceparent|x-death|[a-z-]{0,12}";
        prop::collection::vec((name, any_value()), 0..9).prop_map(|headers| {
            let mut table = FieldTable::default();
            for (name, value) in headers {
                table.insert(name.into(), value);
            }
            BasicProperties::default().with_headers(table)
        })
    }

    proptest! {
        #[test]
        fn every_envelope_survives_the_wire(
            ids: (u128, u128), event_type in "[a-z_.]{1,60}", micros in 0..4_000_000_000_000_000_i64, source in 0..4_usize,
            payload in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let sent = Envelope {
                id: Uuid::from_u128(ids.0),
                event_type,
                source: Service::ALL[source],
                aggregate: Uuid::from_u128(ids.1),
                time: Timestamp::from_micros(micros),
                trace: crate::trace::TraceContext::root(),
                payload: payload.into(),
            };
            prop_assert_eq!(envelope(&mut delivery(properties(&sent), &sent.payload)), sent);
        }

        #[test]
        fn whatever_is_delivered_keeps_its_payload_and_its_id(headers in any_headers(), payload in prop::collection::vec(any::<u8>(), 0..200)) {
            let first = envelope(&mut delivery(headers.clone(), &payload));
            let again = envelope(&mut delivery(headers, &payload));
            prop_assert_eq!(&first.payload[..], &payload[..]);
            prop_assert_eq!((first.id, first.event_type, first.aggregate), (again.id, again.event_type, again.aggregate));
        }
    }
}
