//! Messages between services: the envelope, the broker port and its adapters, RPC.

mod rpc;

pub use rpc::RpcError;
