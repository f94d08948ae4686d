//! The checkout: a saga over stock and payment, as a pure function from an order and what happened to it to what
//! follows. The store runs it inside the transaction that records its outcome.
//!
//! ```text
//! pending ──► reserved ──► authorised ──► confirmed ──► shipped ──► delivered
//!    │           │             │              ├────────────┴────────────┴────► refunded
//!    ├► rejected ├► declined   │              │ as long as it is not captured
//!    └───────────┴─────────────┴──────────────┴► cancelled
//! ```
//!
//! Each step waits for its answer by a timer, asks again a few times, and then undoes what was done. No answer
//! means that the outcome is *unknown*: asking again and undoing are both idempotent where they arrive, and are valid
//! before what they repeat or undo.

mod advance;
#[cfg(test)]
mod model;
mod patience;

use contracts::{events::Shortage, rpc::OrderStatus};
use thiserror::Error;

pub use advance::advance;
pub use patience::{TIMER, wait};

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Products holds all of its stock.
    StockReserved,
    /// Products lacks some of its stock, and holds none.
    StockRefused(Vec<Shortage>),
    /// Products has sold its stock.
    StockCommitted,
    /// Products no longer holds its stock.
    StockExpired,
    /// The payment provider holds the money.
    PaymentAuthorised,
    /// The payment provider said no, for this reason.
    PaymentDeclined(String),
    /// The money is ours.
    PaymentCaptured,
    /// The money went back.
    PaymentRefunded,
    /// The answer to a step's attempt, counted from 1, is overdue.
    TimedOut(u32),
    /// The customer calls it off.
    Cancel,
    /// Staff call it off.
    CallOff,
    /// The customer is gone.
    CustomerDeleted,
    /// Staff sent it off.
    Ship,
    /// It arrived.
    Deliver,
    /// Staff give the money back.
    Refund,
}

/// What another service is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Products: reserve the stock.
    Placed,
    /// Payment: authorise the amount.
    Reserved,
    /// Products: sell the stock.
    Authorised,
    /// Payment: capture the amount.
    Confirmed,
    /// Products: release the stock.
    Declined,
    /// Products: release the stock. Payment: void, or give back.
    Cancelled,
    /// Payment: refund the amount.
    RefundRequested,
}

/// What becomes of the order's timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerChange {
    /// It stays as it is.
    Keep,
    /// It is set to look after this attempt of the present step.
    Set(u32),
    /// There is nothing to wait for.
    Clear,
}

/// What follows from an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where the order stands now.
    pub status: OrderStatus,
    /// Why it ended, if that became known.
    pub reason: Option<String>,
    /// Whether the money became ours.
    pub captured: bool,
    /// Whether a refund was asked for.
    pub refund_requested: bool,
    /// Whom to tell what.
    pub messages: Vec<Message>,
    /// What becomes of the timer.
    pub timer: TimerChange,
    /// What the timeline says, if anything happened that is worth telling.
    pub note: Option<String>,
}

/// Why an order cannot do what a person asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It is confirmed, or has ended.
    #[error("the order can no longer be cancelled")]
    TooLateToCancel,
    /// The money is ours, and is given back by a refund.
    #[error("the payment is captured: the order can be refunded, and no longer called off")]
    Captured,
    /// Only a confirmed order is shipped.
    #[error("only a confirmed order can be shipped")]
    NotConfirmed,
    /// The money is on its way back, and the goods are not to go.
    #[error("the order is being refunded")]
    BeingRefunded,
    /// Only a shipped order is delivered.
    #[error("only a shipped order can be delivered")]
    NotShipped,
    /// There is nothing to give back.
    #[error("only a confirmed, shipped or delivered order can be refunded")]
    NotPaid,
    /// There is nothing to give back yet, and nothing to send goods for.
    #[error("the payment has not been captured yet; try again shortly")]
    NotCaptured,
}
