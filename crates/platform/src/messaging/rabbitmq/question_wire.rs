//! A question and its answer on the wire. `contracts::asyncapi` documents the headers.

use std::time::Duration;

use bytes::Bytes;
use contracts::Service;
use lapin::{BasicProperties, message::Delivery, types::ShortString};
use uuid::Uuid;

use super::headers;
use crate::messaging::{RpcCall, RpcError};

/// AMQP's delivery mode of a message that is gone when the broker stops.
const TRANSIENT: u8 = 1;
/// The header that says whether a reply's payload is the answer or an [`RpcError`].
const OUTCOME: &str = "outcome";
const ANSWER: &str = "answer";
const FAILURE: &str = "failure";

/// The properties that `call` is sent with; the broker drops it when the time that is `left` has passed.
pub(super) fn question(call: &RpcCall, id: Uuid, reply_to: &ShortString, left: Duration) -> BasicProperties {
    let milliseconds = left.as_millis().saturating_add(1);
    let headers = [("method", call.method.clone()), ("deadline", call.deadline.to_string())];
    BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(TRANSIENT)
        .with_message_id(id.to_string().into())
        .with_correlation_id(id.to_string().into())
        .with_reply_to(reply_to.clone())
        .with_expiration(milliseconds.to_string().into())
        .with_headers(headers::table(call.trace, headers))
}

/// The question to `service` that was delivered.
///
/// # Errors
/// What is missing of it.
pub(super) fn call(service: Service, delivery: &mut Delivery) -> Result<RpcCall, String> {
    let properties = &delivery.properties;
    Ok(RpcCall {
        service,
        method: headers::text(properties, "method")?.to_owned(),
        deadline: headers::parsed(properties, "deadline")?,
        trace: headers::trace(properties),
        payload: std::mem::take(&mut delivery.data).into(),
    })
}

/// The reply to what came with `asked`: its properties and payload.
pub(super) fn reply(asked: &BasicProperties, answer: Result<Bytes, RpcError>) -> (BasicProperties, Bytes) {
    let (outcome, payload) = match answer {
        Ok(answer) => (ANSWER, answer),
        // It is made of text alone, which is always JSON.
        Err(error) => (FAILURE, serde_json::to_vec(&error).unwrap_or_default().into()),
    };
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(TRANSIENT)
        .with_correlation_id(asked.correlation_id().clone().unwrap_or_default())
        .with_headers(headers::table(headers::trace(asked).child(), [(OUTCOME, outcome.to_owned())]));
    (properties, payload)
}

/// Which question a reply is to.
pub(super) fn replied_to(properties: &BasicProperties) -> Option<Uuid> {
    properties.correlation_id().as_ref()?.as_str().parse().ok()
}

/// What a reply says.
///
/// # Errors
/// The failure that it tells of, or [`RpcError::Failed`] if it cannot be read.
pub(super) fn answer(reply: &mut Delivery) -> Result<Bytes, RpcError> {
    let payload = Bytes::from(std::mem::take(&mut reply.data));
    match headers::text(&reply.properties, OUTCOME) {
        Ok(ANSWER) => Ok(payload),
        Ok(FAILURE) => Err(serde_json::from_slice(&payload).unwrap_or_else(|_| unreadable())),
        _ => Err(unreadable()),
    }
}

fn unreadable() -> RpcError {
    RpcError::Failed("an unreadable reply".to_owned())
}

#[cfg(test)]
mod tests {
    use contracts::Timestamp;
    use lapin::types::{AMQPValue, FieldTable};
    use proptest::prelude::*;

    use super::*;
    use crate::trace::TraceContext;

    fn delivery(properties: BasicProperties, payload: &[u8]) -> Delivery {
        let mut delivery = Delivery::mock(1, "".into(), "key".into(), false, payload.to_vec());
        delivery.properties = properties;
        delivery
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..200)
    }

    proptest! {
        #[test]
        fn every_question_and_its_answer_survive_the_wire(
            method in "[a-z_.]{1,40}", micros in 0..4_000_000_000_000_000_i64, id: u128, asked in bytes(), answered in bytes(),
        ) {
            let sent = RpcCall {
                service: Service::Products,
                method,
                payload: asked.into(),
                deadline: Timestamp::from_micros(micros),
                trace: TraceContext::root(),
            };
            let id = Uuid::from_u128(id);
            let properties = question(&sent, id, &"replies".into(), Duration::from_secs(1));
            let came = call(Service::Products, &mut delivery(properties.clone(), &sent.payload)).unwrap();
            prop_assert_eq!((came.method, came.payload, came.deadline), (sent.method, sent.payload, sent.deadline));
            let (properties, payload) = reply(&properties, Ok(answered.clone().into()));
            prop_assert_eq!(replied_to(&properties), Some(id));
            prop_assert_eq!(answer(&mut delivery(properties, &payload)), Ok(answered.into()));
        }

        #[test]
        fn a_failure_survives_the_wire(reason in "\\PC{0,60}") {
            let failure = RpcError::Failed(reason);
            let (properties, payload) = reply(&BasicProperties::default(), Err(failure.clone()));
            prop_assert_eq!(answer(&mut delivery(properties, &payload)), Err(failure));
        }

        #[test]
        fn whatever_is_delivered_is_read_or_refused(
            name in "method|deadline|outcome|traceparent|[a-z]{0,9}", value in "answer|failure|\\PC{0,40}|[0-9TZ:.+-]{0,40}",
            correlation in "\\PC{0,40}", payload in bytes(),
        ) {
            let mut headers = FieldTable::default();
            headers.insert(name.into(), AMQPValue::LongString(value.clone().into()));
            let properties = BasicProperties::default().with_headers(headers).with_correlation_id(correlation.into());
            // A question needs two headers.
            prop_assert!(call(Service::Products, &mut delivery(properties.clone(), &payload)).is_err());
            let said = answer(&mut delivery(properties.clone(), &payload));
            prop_assert!(said.is_err() || value == ANSWER);
            if let Some(id) = replied_to(&properties) {
                prop_assert_eq!(properties.correlation_id().as_ref().unwrap().as_str().parse(), Ok(id));
            }
        }
    }
}
