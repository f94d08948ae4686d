//! The AsyncAPI document says what the services do. To take a change over into the snapshot:
//! `INSTA_UPDATE=always cargo test -p contracts --test asyncapi`.

use contracts::{
    Service,
    asyncapi::{EVENTS, RPCS, document},
    subscriptions_of,
};
use serde_json::Value;

#[test]
fn the_document_is_the_one_that_was_reviewed() {
    let mut document = document();
    document["info"]["version"] = "[version]".into();
    insta::assert_json_snapshot!(document);
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(references.len() > EVENTS.len());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn each_event_is_sent_once_and_received_by_each_that_subscribes() {
    let document = document();
    let operations = document["operations"].as_object().unwrap();
    let (questions, events): (Vec<_>, Vec<_>) = operations.iter().partition(|(id, _)| id.starts_with("rpc."));
    let count = |action| events.iter().filter(|(_, operation)| operation["action"] == action).count();
    let subscriptions: usize = Service::ALL.iter().map(|service| subscriptions_of(*service).len()).sum();
    assert_eq!(count("send"), EVENTS.len());
    assert_eq!(count("receive"), subscriptions);
    assert_eq!(questions.len(), RPCS.len());
}

#[test]
fn each_question_says_where_its_answer_goes() {
    let document = document();
    for rpc in RPCS {
        let reply = &document["operations"][format!("rpc.{}", rpc.method)]["reply"];
        assert_eq!(reply["address"]["location"], "$message.header#/reply_to");
        // The specification: a channel whose address the message says has none of its own.
        let channel = reply["channel"]["$ref"].as_str().unwrap();
        let channel = document.pointer(channel.trim_start_matches('#')).unwrap();
        assert_eq!(channel["address"], Value::Null, "{}", rpc.method);
    }
}

fn collect_references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| collect_references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}
