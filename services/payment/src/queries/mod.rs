//! What can be asked about payments.

mod get_payment;

pub use get_payment::get_payment;
