//! What every Mercato service stands on: messaging with an outbox and an inbox, stores, HTTP glue,
//! tokens, telemetry, configuration, and an orderly end.

pub mod auth;
pub mod http;
pub mod messaging;
pub mod store;
pub mod telemetry;
pub mod trace;

mod clock;

pub use clock::Clock;
