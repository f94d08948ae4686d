//! Those who use the shop.

mod guest;
mod orders;
mod shopper;
mod staff;

pub use guest::Guest;
pub use shopper::{PASSWORD, Shopper};
pub use staff::Staff;
