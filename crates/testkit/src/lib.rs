//! What the end-to-end tests are written with: a whole running shop, and the people who use it.
//!
//! | module | what it has |
//! |---|---|
//! | [`shop`] | [`Shop`]: the real binary as child processes, on a data folder of its own; [`Mercato`]: its command line |
//! | [`client`] | [`Client`] and what it gives: [`Answer`], problems, server-sent events |
//! | [`people`] | [`Shopper`], [`Guest`] and [`Staff`]: sign up, fill carts, order, run the catalogue |
//! | [`conformance`] | what every adapter of a broker and of a store has to keep to |
//! | [`servers`] | real servers of their own: PostgreSQL, RabbitMQ, nginx |
//! | [`stack`] | the whole production shape out of these, with several instances of each service |
//! | [`chaos`] | the shop broken on purpose, under load, and what is checked afterwards |
//! | [`bodies`] | what is sent: products, addresses |
//! | [`jwt`] | access tokens, verified as somebody outside would |
//! | [`forged`] | access tokens that nobody may believe |
//! | [`views`] | what is answered, as far as `contracts` does not have it |
//! | [`wait`] | [`eventually`]: the only place that lets time pass |
//!
//! Everything here panics when the shop does not do as it should, with what it said instead: a test reads as what
//! ought to happen.

pub mod bodies;
pub mod chaos;
pub mod client;
pub mod conformance;
pub mod forged;
pub mod jwt;
pub mod people;
pub mod servers;
pub mod shop;
pub mod stack;
pub mod views;
pub mod wait;

pub use bodies::{AddressBody, ProductBody};
pub use client::{Answer, Client, Front};
pub use people::{Guest, Shopper, Staff};
pub use shop::{Alone, AuditOutcome, Mercato, Ran, Shape, Shop};
pub use wait::{eventually, within};
