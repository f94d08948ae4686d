//! What crosses a service's border: events, RPC requests and replies, and the few types that both are
//! made of. The four services share this crate (and the platform that they stand on) and nothing else.
//!
//! Everything here is a published promise. A field may be added with a default; a field may not change
//! its type, and may not disappear, within one version of an event. `tests/published.rs` holds us to it.

pub mod asyncapi;
pub mod events;
pub mod rpc;

mod ids;
mod money;
mod service;
mod timestamp;
mod topology;

pub use ids::{AddressId, CustomerId, OrderId, ProductId, SessionId};
pub use money::{Currency, Money, MoneyError};
pub use service::{Service, UnknownService};
pub use timestamp::{NotATimestamp, Timestamp};
pub use topology::{consumers_of, subscriptions_of};
