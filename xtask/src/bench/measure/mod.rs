//! What is measured, and how.

mod latencies;
mod memory;
mod parse;
pub(super) mod processes;
mod starts;

pub(super) use latencies::{Latencies, median};
pub(super) use memory::{Alone, Memory, each_alone, each_of_stack};
pub(super) use starts::{Starts, restarts, starts};
