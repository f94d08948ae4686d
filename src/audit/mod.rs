//! The audit: whether the shop kept its promises, read from the databases of all services. It runs on a shop that is
//! being served as on one that is not.

mod facts;
mod invariants;
mod report;

pub use facts::{Facts, Waiting};
pub use invariants::check;
pub use report::{Invariant, Report};
