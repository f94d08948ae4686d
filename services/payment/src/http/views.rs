//! What clients see.

use contracts::{Money, OrderId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{Operation, Outcome, Status},
    store::{HistoryEntry, Statement},
};

/// The payment of an order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub(super) struct PaymentView {
    /// For which order.
    order_id: OrderId,
    /// Where it stands. `capture_due`, `void_due` and `refund_due`: the provider is being asked, and has not said yes yet.
    status: Status,
    /// How much was asked for; `null` if the order was cancelled before that.
    #[schema(required)]
    amount: Option<Money>,
    /// How much of it became ours, counting what went back since.
    #[schema(required)]
    captured: Option<Money>,
    /// How much of that went back.
    #[schema(required)]
    refunded: Option<Money>,
    /// Why it was declined, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "card declined")]
    reason: Option<String>,
    /// What the provider was asked and what it said, oldest first.
    history: Vec<HistoryView>,
    /// When it was first heard of.
    created_at: Timestamp,
    /// When it last changed.
    updated_at: Timestamp,
}

/// A line of a payment's history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentHistoryEntry)]
pub(super) struct HistoryView {
    /// When.
    at: Timestamp,
    /// What the provider was asked.
    operation: Operation,
    /// What became of it.
    outcome: Outcome,
}

impl From<Statement> for PaymentView {
    fn from(statement: Statement) -> Self {
        let Statement { payment, history, created_at, updated_at } = statement;
        Self {
            order_id: payment.order_id,
            status: payment.status,
            amount: payment.amount,
            captured: payment.captured(),
            refunded: payment.refunded(),
            reason: payment.reason,
            history: history.into_iter().map(HistoryView::from).collect(),
            created_at,
            updated_at,
        }
    }
}

impl From<HistoryEntry> for HistoryView {
    fn from(HistoryEntry { at, operation, outcome }: HistoryEntry) -> Self {
        Self { at, operation, outcome }
    }
}
