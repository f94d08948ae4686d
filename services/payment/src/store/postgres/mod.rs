//! Payment's books in PostgreSQL.
//!
//! Whoever changes a payment locks its order first, whether or not there is a row yet, and its inbox row and timer
//! afterwards: so of two messages the second sees what the first has written, and nobody waits in a circle.

mod change;
mod rows;

use async_trait::async_trait;
use contracts::{Money, OrderId, Timestamp};
use futures::try_join;
use platform::{
    inbox::{Received, postgres::is_new},
    store::{
        StoreError,
        postgres::{Database, Transaction},
    },
    timers::{self, Timer},
};

use super::{Moment, RequestError, Statement, Store};
use crate::{
    domain::{Change, Payment, Settlement},
    provider::Authorisation,
};

/// The books, in a database.
pub(super) struct PostgresStore(pub(super) Database);

impl PostgresStore {
    /// Applies what `decide` makes of the payment as it stands, if the message is new. An error of `decide` takes the
    /// inbox row back with it, so that a message that came too early can come again.
    async fn effect<E, F>(
        &self,
        received: Received,
        order_id: OrderId,
        moment: Moment,
        decide: F,
    ) -> Result<Option<Payment>, E>
    where
        E: From<StoreError> + Send,
        F: FnOnce(Option<Payment>) -> Result<Change, E> + Send,
    {
        let mut connection = self.0.connection().await?;
        let transaction = connection.begin();
        let (current, new) =
            try_join!(rows::hold(&transaction, order_id), is_new(&transaction, received, moment.now))?;
        if !new {
            return Ok(current);
        }
        let change = decide(current.clone())?;
        let write = change::apply(&transaction, order_id, current, change, moment);
        Ok(transaction.end_with(write).await?)
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn payment(&self, order_id: OrderId) -> Result<Option<Payment>, StoreError> {
        rows::payment(&self.0, order_id).await
    }

    async fn statement(&self, order_id: OrderId) -> Result<Option<Statement>, StoreError> {
        rows::statement(&self.0, order_id).await
    }

    async fn repeat_answer(
        &self,
        received: Received,
        order_id: OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut connection = self.0.connection().await?;
        let transaction = connection.begin();
        let (payment, new) =
            try_join!(rows::hold(&transaction, order_id), is_new(&transaction, received, now))?;
        if new {
            if let Some(answer) = existing(payment, order_id)?.standing_answer() {
                change::announce(&transaction, order_id, answer, now).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
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
        let decide = move |current| Ok(Payment::confirmed(current, total)?);
        self.effect(received, order_id, moment, decide).await
    }

    async fn request_refund(
        &self,
        received: Received,
        order_id: OrderId,
        total: Money,
        moment: Moment,
    ) -> Result<Option<Payment>, RequestError> {
        let decide = move |current| Ok(Payment::refund_requested(current, total)?);
        self.effect(received, order_id, moment, decide).await
    }

    async fn record_settlement(
        &self,
        order_id: OrderId,
        settlement: Settlement,
        moment: Moment,
    ) -> Result<Option<Payment>, StoreError> {
        let mut connection = self.0.connection().await?;
        let transaction = connection.begin();
        let payment = existing(rows::hold(&transaction, order_id).await?, order_id)?;
        let change = payment.clone().settled(settlement);
        let write = change::apply(&transaction, order_id, Some(payment), change, moment);
        transaction.end_with(write).await
    }

    async fn reschedule(&self, timer: Timer, next: Option<Timestamp>) -> Result<(), StoreError> {
        let mut connection = self.0.connection().await?;
        let transaction = connection.begin();
        if timers::postgres::stands(&transaction, &timer).await? {
            reset(&transaction, timer, next).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    async fn payments(&self, after: Option<OrderId>, limit: u32) -> Result<Vec<Payment>, StoreError> {
        rows::payments(&self.0, after, limit).await
    }
}

/// Sets `timer`, which is locked, again for `next`, or clears it.
async fn reset(
    transaction: &Transaction<'_>,
    timer: Timer,
    next: Option<Timestamp>,
) -> Result<(), StoreError> {
    match next {
        None => timers::postgres::clear(transaction, &timer.kind, timer.subject).await,
        Some(due_at) => {
            let attempt = timer.attempt.saturating_add(1);
            timers::postgres::set(transaction, &Timer { attempt, due_at, ..timer }).await
        }
    }
}

fn existing(payment: Option<Payment>, order_id: OrderId) -> Result<Payment, StoreError> {
    payment.ok_or_else(|| StoreError::corrupt(format!("there is no payment for the order {order_id}")))
}
