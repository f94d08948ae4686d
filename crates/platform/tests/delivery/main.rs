//! From the outbox of one service to the effect in another: the relay, the broker, the consumer and both databases, as they
//! run in the shop, with faults at the places where they hurt.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crashes;
mod deleting;
mod failures;
mod load;
mod once;
mod order;
mod shutdown;
mod windows;
mod world;
