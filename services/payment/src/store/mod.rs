//! The port of payment's own books. `conformance` tests what it promises.

#[cfg(test)]
pub mod conformance;
mod postgres;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use contracts::{Money, OrderId, Timestamp};
use platform::{inbox::Received, store::StoreError, timers::Timer};
use thiserror::Error;

use crate::{
    domain::{Operation, Outcome, Payment, Refusal, Settlement},
    provider::Authorisation,
};

/// The kind of the timers of payments for which the provider is still to do something.
pub const SETTLE: &str = "settle";

/// The books that are kept in `store`.
#[must_use]
pub fn open(store: &platform::store::Store) -> Arc<dyn Store> {
    match store {
        platform::store::Store::Sqlite(database) => Arc::new(sqlite::SqliteStore(database.clone())),
        platform::store::Store::Postgres(database) => {
            Arc::new(postgres::PostgresStore::new(database.clone()))
        }
    }
}

/// When something is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Now.
    pub now: Timestamp,
    /// When the timer asks the provider for what it is still to do, unless it has done so by then.
    pub retry_at: Timestamp,
}

/// A payment with all that happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The payment.
    pub payment: Payment,
    /// What the provider was asked and what it said, oldest first.
    pub history: Vec<HistoryEntry>,
    /// When it was first heard of.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A line of a payment's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// What the provider was asked, or was to be asked.
    pub operation: Operation,
    /// What became of it.
    pub outcome: Outcome,
}

/// Why a message had no effect.
#[derive(Debug, Error)]
pub enum RequestError {
    /// The payment does not allow it. Nothing is written, not even that the message came: it may come again.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where payments are kept. A method that takes a [`Received`] enters it into the inbox; if it stands there already,
/// nothing is written. Each such method gives the payment as it stands afterwards.
///
/// Wherever a payment comes to owe something ([`Payment::owed`]), the same transaction sets its [`SETTLE`] timer; wherever
/// it no longer does, the same transaction clears it.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The payment of an order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn payment(&self, order_id: OrderId) -> Result<Option<Payment>, StoreError>;

    /// The payment of an order with all that happened to it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn statement(&self, order_id: OrderId) -> Result<Option<Statement>, StoreError>;

    /// Tells the checkout again how an order's payment stands ([`Payment::standing_answer`]).
    ///
    /// # Errors
    /// [`StoreError`]; it has failed if there is no such payment.
    async fn repeat_answer(
        &self,
        received: Received,
        order_id: OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Writes down what the provider makes of an authorisation ([`Payment::authorised`]).
    ///
    /// # Errors
    /// [`StoreError`].
    async fn record_authorisation(
        &self,
        received: Received,
        order_id: OrderId,
        amount: Money,
        authorisation: Authorisation,
        moment: Moment,
    ) -> Result<Option<Payment>, StoreError>;

    /// Writes down that an order was cancelled ([`Payment::cancelled`]).
    ///
    /// # Errors
    /// [`StoreError`].
    async fn cancel(
        &self,
        received: Received,
        order_id: OrderId,
        moment: Moment,
    ) -> Result<Option<Payment>, StoreError>;

    /// Writes down that an order over `total` stands ([`Payment::confirmed`]).
    ///
    /// # Errors
    /// [`RequestError`].
    async fn confirm(
        &self,
        received: Received,
        order_id: OrderId,
        total: Money,
        moment: Moment,
    ) -> Result<Option<Payment>, RequestError>;

    /// Writes down that the `total` of an order is to go back ([`Payment::refund_requested`]).
    ///
    /// # Errors
    /// [`RequestError`].
    async fn request_refund(
        &self,
        received: Received,
        order_id: OrderId,
        total: Money,
        moment: Moment,
    ) -> Result<Option<Payment>, RequestError>;

    /// Writes down what the provider has done ([`Payment::settled`]). The same again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; it has failed if there is no such payment.
    async fn record_settlement(
        &self,
        order_id: OrderId,
        settlement: Settlement,
        moment: Moment,
    ) -> Result<Option<Payment>, StoreError>;

    /// Sets `timer` again for `next`, or clears it, unless it has been set anew or cleared since it fired.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn reschedule(&self, timer: Timer, next: Option<Timestamp>) -> Result<(), StoreError>;

    /// Up to `limit` payments behind `after`, in the order of their orders' ids: for the audit.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn payments(&self, after: Option<OrderId>, limit: u32) -> Result<Vec<Payment>, StoreError>;
}
