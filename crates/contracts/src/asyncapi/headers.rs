//! The headers that travel beside a payload. CloudEvents 1.0 in binary mode: the payload is the event's
//! data alone, and its attributes are headers.

use serde_json::{Value, json};

use crate::Service;

/// What an event's headers hold that is the same for all of its type.
pub(super) fn event(event_type: &str, source: Service) -> Value {
    json!({
        "type": "object",
        "properties": {
            "ce_type": { "type": "string", "const": event_type },
            "ce_source": { "type": "string", "const": source.name() },
        },
    })
}

/// What the headers of one question hold that is the same each time it is asked.
pub(super) fn request(method: &str) -> Value {
    json!({
        "type": "object",
        "properties": { "method": { "type": "string", "const": method } },
    })
}

/// A reply's headers are those of its trait.
pub(super) fn reply() -> Value {
    json!({ "type": "object" })
}

/// The headers that all messages of a kind have in common.
pub(super) fn traits() -> Value {
    json!({
        "cloudEvent": {
            "description": "CloudEvents 1.0, binary mode. Kafka's headers are named as here; over AMQP each \
                `ce_` is `cloudEvents_` instead. The content type is Kafka's header `content-type` and \
                AMQP's property of that name.",
            "headers": headers(
                &["ce_id", "ce_source", "ce_specversion", "ce_subject", "ce_time", "ce_type"],
                json!({
                    "ce_id": uuid("Unique for each event: a consumer applies an id once."),
                    "ce_source": text("The service that publishes it."),
                    "ce_specversion": { "type": "string", "const": "1.0" },
                    "ce_subject": uuid("What it happened to: events keep their order within one subject."),
                    "ce_time": moment("When it happened."),
                    "ce_type": text("The type of event, with its version."),
                }),
            ),
        },
        "rpcRequest": {
            "description": "A question. Over AMQP the correlation id and the address of the reply are the \
                properties `correlation-id` and `reply-to`.",
            "correlationId": { "location": "$message.header#/correlation_id" },
            "headers": headers(
                &["correlation_id", "deadline", "method", "reply_to"],
                json!({
                    "correlation_id": uuid("The reply carries it back."),
                    "deadline": moment("Nobody waits for the answer after that: a late question is dropped."),
                    "method": text("Which question of the service's it is."),
                    "reply_to": text("Where the one who asks listens for replies."),
                }),
            ),
        },
        "rpcReply": {
            "description": "The answer to a question, where there is one; a failure to answer comes to the \
                same address.",
            "correlationId": { "location": "$message.header#/correlation_id" },
            "headers": headers(
                &["correlation_id", "outcome"],
                json!({
                    "correlation_id": uuid("That of the question."),
                    "outcome": {
                        "type": "string",
                        "enum": ["answer", "failure"],
                        "description": "Whether the payload is the answer, or why there is none.",
                    },
                }),
            ),
        },
    })
}

fn headers(required: &[&str], mut properties: Value) -> Value {
    properties["traceparent"] = text("W3C Trace Context: the span that the message was sent in.");
    properties["tracestate"] = text("W3C Trace Context: what the tracing vendors add.");
    json!({ "type": "object", "required": required, "properties": properties })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn uuid(description: &str) -> Value {
    json!({ "type": "string", "format": "uuid", "description": description })
}

fn moment(description: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": description })
}
