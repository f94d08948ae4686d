//! What every adapter of a port has to keep to: one suite a port, run over each adapter.
//!
//! An adapter plugs in with a harness, and gets one test for each promise from a macro:
//!
//! ```text
//! testkit::broker_conformance!(RabbitMqHarness);
//! testkit::messaging_store_conformance!(PostgresHarness);
//! ```
//!
//! Nothing here sleeps to let something happen. A test waits for what it expects, with a limit; time passes by itself
//! only where time is the subject, such as a deadline, or where the promise is that something does *not* come.

pub mod broker;
pub mod messaging_store;
