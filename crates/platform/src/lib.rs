//! What every Mercato service stands on: messaging with an outbox and an inbox, stores, HTTP glue,
//! tokens, telemetry, configuration, and an orderly end.

pub mod auth;
pub mod backoff;
pub mod chance;
pub mod chaos;
pub mod endpoint;
pub mod http;
pub mod idempotency;
pub mod inbox;
pub mod loader;
pub mod messaging;
pub mod outbox;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod timers;
pub mod trace;

mod clock;

pub use clock::Clock;
