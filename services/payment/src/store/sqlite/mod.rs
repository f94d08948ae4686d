//! Payment's books in SQLite.

mod change;
mod rows;

use async_trait::async_trait;
use contracts::{Money, OrderId, Timestamp};
use platform::{
    inbox::{Received, sqlite::is_new},
    store::{
        StoreError,
        sqlite::{Database, Transaction},
    },
    timers::{self, Timer},
};

use super::{Moment, RequestError, Statement, Store};
use crate::{
    domain::{Change, Payment, Refusal, Settlement},
    provider::Authorisation,
};

/// The books, in a database.
pub(super) struct SqliteStore(pub(super) Database);

impl SqliteStore {
    /// Applies what `decide` makes of the payment as it stands, if the message is new.
    async fn effect<F>(
        &self,
        received: Received,
        order_id: OrderId,
        moment: Moment,
        decide: F,
    ) -> Result<Option<Payment>, StoreError>
    where
        F: FnOnce(Option<Payment>) -> Result<Change, StoreError> + Send + 'static,
    {
        self.0
            .write(move |transaction| {
                let new = is_new(transaction, received, moment.now)?;
                let current = rows::payment(transaction, order_id)?;
                if !new {
                    return Ok(current);
                }
                let change = decide(current.clone())?;
                change::apply(transaction, order_id, current, change, moment)
            })
            .await
    }
}

/// A refusal on its way out of a transaction: as an error it takes the inbox row back with it, so that a message that
/// came too early can come again.
fn roll_back(refusal: Refusal) -> StoreError {
    StoreError::Failed(refusal.into())
}

/// Finds the refusal that [`roll_back`] sent, if it is one.
fn refused(error: StoreError) -> RequestError {
    match error {
        StoreError::Failed(source) => match source.downcast::<Refusal>() {
            Ok(refusal) => RequestError::Refused(*refusal),
            Err(source) => RequestError::Store(StoreError::Failed(source)),
        },
        error @ StoreError::Unavailable(_) => RequestError::Store(error),
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn payment(&self, order_id: OrderId) -> Result<Option<Payment>, StoreError> {
        self.0.read(move |connection| rows::payment(connection, order_id)).await
    }

    async fn statement(&self, order_id: OrderId) -> Result<Option<Statement>, StoreError> {
        self.0.read(move |connection| rows::statement(connection, order_id)).await
    }

    async fn repeat_answer(
        &self,
        received: Received,
        order_id: OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.0
            .write(move |transaction| {
                if is_new(transaction, received, now)? {
                    let payment = existing(transaction, order_id)?;
                    if let Some(answer) = payment.standing_answer() {
                        change::announce(transaction, order_id, answer, now)?;
                    }
                }
                Ok(())
            })
            .await
    }

    async fn record_authorisation(
        &self,
        received: Received,
        order_id: OrderId,
        amount: Money,
        authorisation: Authorisation,
        moment: Moment,
    ) -> Result<Option<Payment>, StoreError> {
        let decide = move |current| Ok(Payment::authorised(current, order_id, amount, authorisation));
        self.effect(received, order_id, moment, decide).await
    }

    async fn cancel(
        &self,
        received: Received,
        order_id: OrderId,
        moment: Moment,
    ) -> Result<Option<Payment>, StoreError> {
        let decide = move |current| Ok(Payment::cancelled(current, order_id));
        self.effect(received, order_id, moment, decide).await
    }

    async fn confirm(
        &self,
        received: Received,
        order_id: OrderId,
        total: Money,
        moment: Moment,
    ) -> Result<Option<Payment>, RequestError> {
        let decide = move |current| Payment::confirmed(current, total).map_err(roll_back);
        self.effect(received, order_id, moment, decide).await.map_err(refused)
    }

    async fn request_refund(
        &self,
        received: Received,
        order_id: OrderId,
        total: Money,
        moment: Moment,
    ) -> Result<Option<Payment>, RequestError> {
        let decide = move |current| Payment::refund_requested(current, total).map_err(roll_back);
        self.effect(received, order_id, moment, decide).await.map_err(refused)
    }

    async fn record_settlement(
        &self,
        order_id: OrderId,
        settlement: Settlement,
        moment: Moment,
    ) -> Result<Option<Payment>, StoreError> {
        self.0
            .write(move |transaction| {
                let payment = existing(transaction, order_id)?;
                let change = payment.clone().settled(settlement);
                change::apply(transaction, order_id, Some(payment), change, moment)
            })
            .await
    }

    async fn reschedule(&self, timer: Timer, next: Option<Timestamp>) -> Result<(), StoreError> {
        self.0
            .write(move |transaction| {
                if !timers::sqlite::stands(transaction, &timer)? {
                    return Ok(());
                }
                match next {
                    None => timers::sqlite::clear(transaction, &timer.kind, timer.subject),
                    Some(due_at) => {
                        let attempt = timer.attempt.saturating_add(1);
                        timers::sqlite::set(transaction, &Timer { attempt, due_at, ..timer })
                    }
                }
            })
            .await
    }

    async fn payments(&self, after: Option<OrderId>, limit: u32) -> Result<Vec<Payment>, StoreError> {
        self.0.read(move |connection| rows::payments(connection, after, limit)).await
    }
}

fn existing(transaction: &Transaction<'_>, order_id: OrderId) -> Result<Payment, StoreError> {
    rows::payment(transaction, order_id)?
        .ok_or_else(|| StoreError::corrupt(format!("there is no payment for the order {order_id}")))
}
