//! What brokers answer when they are not well, which no server can be made to do on demand: librdkafka's own mock of a
//! cluster takes its clients' connections in this process, answers as told, and keeps what it has confirmed.
//!
//! Each joining of a group takes three seconds here, for which the mock waits for more members.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cluster;
mod committing;
mod dead_letters;
#[path = "../kafka_broker/group.rs"]
mod group;
mod outages;
mod producing;
#[expect(dead_code, reason = "the tests over the in-process broker have more faults")]
#[path = "../delivery/world.rs"]
mod world;
