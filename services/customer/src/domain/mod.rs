//! The rules, without any I/O.

mod account;
mod address;
mod email;
mod network;
mod password;
mod refresh_token;
mod text;
mod throttle;

pub use account::{Profile, ProfileChanges};
pub use address::{Address, AddressDetails, MOST_ADDRESSES};
pub use email::{Email, NotAnEmail};
pub use network::Network;
pub use password::{Password, PasswordHash, UnfitPassword};
pub use refresh_token::{RefreshToken, TokenHash};
pub use text::{fits, meaningful};
pub use throttle::{Failures, MOST_BY_NETWORK, MOST_BY_ORIGIN, Origin, WINDOW};
