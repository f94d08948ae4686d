//! What changes a payment, other than a message.

mod settle;

pub use settle::{SettleError, settle, settle_soon};
