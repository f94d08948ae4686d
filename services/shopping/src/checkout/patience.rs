//! How long a step waits for its answer, and how often it asks.

use std::time::Duration;

use contracts::rpc::OrderStatus;

/// The kind of the timers that look after checkouts.
pub const TIMER: &str = "checkout";

/// Attempts of a step before it is undone: with [`wait`], about a minute, well within a reservation's 15 minutes.
pub(super) const BEFORE_UNDOING: u32 = 5;
/// Attempts to capture or to refund, which cannot be undone: with [`wait`], about half a day. Then a person has to look.
pub(super) const BEFORE_GIVING_UP: u32 = 20;

/// How long to wait for the answer to the `attempt`-th try, counted from 1.
#[must_use]
pub fn wait(status: OrderStatus, attempt: u32) -> Duration {
    let (first, longest) = match status {
        OrderStatus::Pending | OrderStatus::Authorised => (Duration::from_secs(2), Duration::from_secs(30)),
        // A payment provider is slow now and then, and the payment service asks again by itself.
        OrderStatus::Reserved => (Duration::from_secs(10), Duration::from_secs(30)),
        _ => (Duration::from_secs(5), Duration::from_secs(60 * 60)),
    };
    (first * 2_u32.pow(attempt.saturating_sub(1).min(16))).min(longest)
}
