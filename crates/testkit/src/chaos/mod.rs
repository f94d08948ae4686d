//! The whole shop under load, broken in every way that fits on one machine, and then judged: from what its clients know, from
//! what it says itself, and from what witnesses in its databases have seen.
//!
//! | module | what it has |
//! |---|---|
//! | [`log`] | what they write down of each call: ok, failed, or unknown |
//! | [`caller`] | calls that are repeated until their outcome is known |
//! | [`shopper`], [`clerk`] | shoppers who buy, and a clerk who ships, refunds and calls off; they remember what they were told |
//! | [`house`] | the shop in either shape, to be treated badly |
//! | [`fault`], [`schedule`] | what can be done to it, and what is done when, drawn from a seed |
//! | [`witness`] | triggers in its databases, for what nobody can see from outside |
//! | [`verdict`], [`check`] | what is promised, and whether it was kept |
//! | [`run`] | all of that, one after the other |
//!
//! The shop has to be built with the cargo feature `chaos`. `cargo xtask chaos` runs this; `tests/chaos` shows that the
//! checker fails when a safeguard is taken away.

pub mod caller;
pub mod check;
pub mod clerk;
pub mod fault;
pub mod house;
pub mod log;
pub mod run;
pub mod schedule;
pub mod shopper;
pub mod verdict;
pub mod witness;

pub use fault::Fault;
pub use house::House;
pub use log::{Call, Kind, Log, Outcome};
pub use platform::chaos::{Point, Safeguard};
pub use run::{Episode, Faults, Plan, Report, run};
pub use schedule::Act;
pub use verdict::Verdict;

pub use crate::shop::Shape;
