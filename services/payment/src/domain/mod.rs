//! The rules of a payment: what each message and each answer of the provider does to it. No I/O.

mod change;
mod payment;
mod retry;
mod settlement;
mod words;

pub use change::{Answer, Change, Note};
pub use payment::{CANCELLED, GIVEN_BACK, Payment, Refusal};
pub use retry::rest_before;
pub use settlement::{Owed, Settlement};
pub use words::{Operation, Outcome, Status, UnknownWord};
