//! What the end-to-end tests are written with: a whole running shop, and the people who use it.
//!
//! | module | what it has |
//! |---|---|
//! | [`shop`] | [`Shop`]: the real binary as child processes, on a data folder of its own; [`Mercato`]: its command line |
//! | [`client`] | [`Client`] and what it gives: [`Answer`], problems, server-sent events |
//! | [`people`] | [`Shopper`], [`Guest`] and [`Staff`]: sign up, fill carts, order, run the catalogue |
//! | [`bodies`] | what is sent: products, addresses |
//! | [`views`] | what is answered, as far as `contracts` does not have it |
//! | [`wait`] | [`eventually`]: the only place that lets time pass |
//!
//! Everything here panics when the shop does not do as it should, with what it said instead: a test reads as what
//! ought to happen.

pub mod bodies;
pub mod client;
pub mod jwt;
pub mod people;
pub mod shop;
pub mod views;
pub mod wait;

pub use bodies::{AddressBody, ProductBody};
pub use client::{Answer, Client, Front};
pub use people::{Guest, Shopper, Staff};
pub use shop::{AuditOutcome, Mercato, Ran, Shape, Shop};
pub use wait::{eventually, within};
