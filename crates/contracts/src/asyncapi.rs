//! The AsyncAPI 3 document of what the services say to each other, made from the types themselves.
//!
//! Source: the AsyncAPI Specification 3.0.0, and the CloudEvents 1.0 protocol bindings for Kafka and AMQP.

mod headers;
mod listed;

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{Service, consumers_of};

pub use listed::{EVENTS, ListedEvent, ListedRpc, RPCS};

/// Who says what to whom, and in which words: one channel for each type of event, one for the questions to
/// each service that answers any.
#[must_use]
pub fn document() -> Value {
    let mut draft = Draft::new();
    EVENTS.iter().for_each(|event| draft.add_event(event));
    RPCS.iter().for_each(|rpc| draft.add_rpc(rpc));
    let mut document = draft.finish();
    // The order of keys in a `Value` depends on which features of serde_json the whole build asks for.
    document.sort_all_objects();
    document
}

/// The parts of the document that grow with each event and each question.
struct Draft {
    schemas: SchemaGenerator,
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    messages: Map<String, Value>,
}

impl Draft {
    fn new() -> Self {
        // Draft 7 is what an AsyncAPI schema object is by default, with no `schemaFormat` to be said.
        let settings = SchemaSettings::draft07().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            schemas: settings.into_generator(),
            channels: Map::new(),
            operations: Map::new(),
            messages: Map::new(),
        }
    }

    fn add_event(&mut self, event: &ListedEvent) {
        let name = event.event_type;
        let payload = (event.schema)(&mut self.schemas).to_value();
        let headers = headers::event(name, event.source);
        self.add_message(name, payload, &headers, "cloudEvent");
        self.add_to_channel(name, &json!(name), name);

        let publisher = format!("{}.send.{name}", event.source);
        self.operations.insert(publisher, operation("send", name, name, event.source));
        for consumer in consumers_of(name) {
            let id = format!("{consumer}.receive.{name}");
            self.operations.insert(id, operation("receive", name, name, consumer));
        }
    }

    fn add_rpc(&mut self, rpc: &ListedRpc) {
        let asked = format!("rpc.{}", rpc.service);
        let answered = format!("{asked}.reply");
        let request = format!("{}.request", rpc.method);
        let reply = format!("{}.reply", rpc.method);

        let payload = (rpc.request)(&mut self.schemas).to_value();
        self.add_message(&request, payload, &headers::request(rpc.method), "rpcRequest");
        let payload = (rpc.reply)(&mut self.schemas).to_value();
        self.add_message(&reply, payload, &headers::reply(), "rpcReply");
        self.add_to_channel(&asked, &json!(asked), &request);
        self.add_to_channel(&answered, &Value::Null, &reply);

        let mut answer = operation("receive", &asked, &request, rpc.service);
        answer["reply"] = json!({
            "address": { "location": "$message.header#/reply_to" },
            "channel": reference(&["channels", &answered]),
            "messages": [reference(&["channels", &answered, "messages", &reply])],
        });
        self.operations.insert(format!("rpc.{}", rpc.method), answer);
    }

    /// Describes a message by its payload's own doc comment.
    fn add_message(&mut self, name: &str, payload: Value, headers: &Value, headers_trait: &str) {
        let type_name = payload["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        let definition = type_name.and_then(|name| self.schemas.definitions().get(name));
        let message = json!({
            "name": name,
            "title": type_name,
            "summary": definition.map(|definition| &definition["description"]),
            "contentType": "application/json",
            "headers": headers,
            "payload": payload,
            "traits": [reference(&["components", "messageTraits", headers_trait])],
        });
        self.messages.insert(name.to_owned(), message);
    }

    fn add_to_channel(&mut self, channel: &str, address: &Value, message: &str) {
        let channel =
            self.channels.entry(channel).or_insert_with(|| json!({ "address": address, "messages": {} }));
        channel["messages"][message] = reference(&["components", "messages", message]);
    }

    fn finish(mut self) -> Value {
        json!({
            "asyncapi": "3.0.0",
            "info": {
                "title": "Mercato",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "What the services of the shop say to each other through the broker. Events \
                    arrive at least once, and in order within one aggregate. A question changes nothing.",
                "license": { "name": "MIT OR Apache-2.0" },
                "tags": Service::ALL.map(|service| json!({ "name": service.name() })),
            },
            "defaultContentType": "application/json",
            "channels": self.channels,
            "operations": self.operations,
            "components": {
                "messages": self.messages,
                "messageTraits": headers::traits(),
                "schemas": self.schemas.take_definitions(true),
            },
        })
    }
}

fn operation(action: &str, channel: &str, message: &str, service: Service) -> Value {
    json!({
        "action": action,
        "channel": reference(&["channels", channel]),
        "messages": [reference(&["channels", channel, "messages", message])],
        "tags": [{ "name": service.name() }],
    })
}

/// None of our names holds a `/` or a `~`, so nothing has to be escaped (RFC 6901).
fn reference(path: &[&str]) -> Value {
    json!({ "$ref": format!("#/{}", path.join("/")) })
}
