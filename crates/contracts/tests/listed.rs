//! Nothing that a service says to another is missing from the lists, and nothing in them is said in vain.

use std::{collections::BTreeSet, fs, path::Path};

use contracts::{
    Service,
    asyncapi::{EVENTS, RPCS},
    consumers_of, subscriptions_of,
};

#[test]
fn every_subscription_names_an_event_that_is_listed() {
    for service in Service::ALL {
        for name in subscriptions_of(service) {
            assert!(
                EVENTS.iter().any(|event| event.event_type == *name),
                "{service} subscribes to {name}: add it to EVENTS in src/asyncapi/listed.rs"
            );
        }
    }
}

#[test]
fn somebody_consumes_every_event() {
    for event in EVENTS {
        assert!(
            consumers_of(event.event_type).next().is_some(),
            "nobody consumes {}: name it in src/topology.rs, or remove it",
            event.event_type
        );
    }
}

#[test]
fn every_event_of_the_sources_is_listed() {
    let listed: BTreeSet<_> = EVENTS.iter().map(|event| event.event_type.to_owned()).collect();
    assert_eq!(listed.len(), EVENTS.len(), "a type of event is listed twice");
    // `event!(OrderPlaced, "order.placed.v1", …)`: the first string literal is the type.
    let defined = quoted_after("event!(", &sources("events"));
    assert_eq!(defined, listed, "left: defined in src/events; right: EVENTS in src/asyncapi/listed.rs");
}

#[test]
fn every_question_of_the_sources_is_listed() {
    let listed: BTreeSet<_> = RPCS.iter().map(|rpc| rpc.method.to_owned()).collect();
    assert_eq!(listed.len(), RPCS.len(), "a question is listed twice");
    let defined = quoted_after("const METHOD: &'static str =", &sources("rpc"));
    assert_eq!(defined, listed, "left: defined in src/rpc; right: RPCS in src/asyncapi/listed.rs");
}

#[test]
fn a_question_is_named_after_the_service_that_answers() {
    for rpc in RPCS {
        assert!(rpc.method.starts_with(&format!("{}.", rpc.service)), "{}", rpc.method);
    }
}

/// All the source text under `src/<folder>`.
fn sources(folder: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    fs::read_dir(folder)
        .expect("the folder of sources is there")
        .map(|entry| fs::read_to_string(entry.expect("a source").path()).expect("a source in UTF-8"))
        .collect()
}

/// The first string literal after each occurrence of `marker`.
fn quoted_after(marker: &str, text: &str) -> BTreeSet<String> {
    text.split(marker).skip(1).filter_map(|rest| rest.split('"').nth(1)).map(str::to_owned).collect()
}
