//! Messages between services: the envelope, the broker port and its adapters, RPC.
//!
//! Events go from a service's [`crate::outbox`] through a [`Broker`] to the [`crate::inbox`] of each consumer.
//! Questions go straight through the broker, and end by their deadline.

mod broker;
mod calls;
mod connect;
mod end;
mod envelope;
#[cfg(feature = "kafka")]
mod kafka;
mod memory;
mod rabbitmq;
mod rpc;

pub use broker::{Broker, BrokerError, Delivery, PublishError, RpcCall, RpcRequest};
pub use connect::{ConnectError, ReplayError, connect, endpoint, replay};
pub use envelope::Envelope;
#[cfg(feature = "kafka")]
pub use kafka::KafkaBroker;
pub use memory::MemoryBroker;
pub use rabbitmq::RabbitMqBroker;
pub use rpc::{RpcClient, RpcError, RpcRouter};
