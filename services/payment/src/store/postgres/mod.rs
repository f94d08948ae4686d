//! Payment's books in PostgreSQL.
//!
//! Whoever changes a payment locks its order first, whether or not there is a row yet, and its inbox row and timer
//! afterwards: so of two messages the second sees what the first has written, and nobody waits in a circle.

mod change;
mod effect;
mod rows;

use std::{slice, sync::Arc};

use async_trait::async_trait;
use contracts::{Money, OrderId, Timestamp};
use futures::try_join;
use platform::{
    inbox::{Received, postgres::is_new},
    loader::Loader,
    store::{
        StoreError,
        postgres::{Database, Transaction},
    },
    timers::{self, Timer},
};

use super::{Moment, RequestError, Statement, Store};
use crate::{
    domain::{Payment, Settlement},
    provider::Authorisation,
};
use effect::{Effect, Heard};

/// Where the locks of payments stand among those that are taken in this database: before those of the sandbox.
const EFFECTS: u8 = 0;

/// The books, in a database.
pub(super) struct PostgresStore {
    database: Database,
    payments: Loader<OrderId, Payment, Arc<StoreError>>,
}

impl PostgresStore {
    /// The books in `database`, whose schema is up to date.
    pub(super) fn new(database: Database) -> Self {
        Self { payments: rows::loader(&database), database }
    }

    /// Has `effect` take place, together with those on other payments that come at the same time.
    async fn effect(&self, effect: Effect) -> Result<Option<Payment>, RequestError> {
        let key = (EFFECTS, rows::lock_key(effect.order_id));
        self.database.together(key, effect, |t, effects| Box::pin(effect::apply(t, effects))).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn payment(&self, order_id: OrderId) -> Result<Option<Payment>, StoreError> {
        Ok(self.payments.load(order_id).await?)
    }

    async fn statement(&self, order_id: OrderId) -> Result<Option<Statement>, StoreError> {
        rows::statement(&self.database, order_id).await
    }

    async fn repeat_answer(
        &self,
        received: Received,
        order_id: OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut connection = self.database.connection().await?;
        let transaction = connection.begin();
        let (mut payments, new) = try_join!(
            rows::hold(&transaction, slice::from_ref(&order_id)),
            is_new(&transaction, received, now)
        )?;
        if new {
            if let Some(answer) = existing(payments.remove(&order_id), order_id)?.standing_answer() {
                change::announce(&transaction, order_id, answer, now);
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
        let (received, heard) = (Some(received), Heard::Authorisation(amount, authorisation));
        self.effect(Effect { order_id, received, heard, moment }).await.map_err(failed)
    }

    async fn cancel(
        &self,
        received: Received,
        order_id: OrderId,
        moment: Moment,
    ) -> Result<Option<Payment>, StoreError> {
        let (received, heard) = (Some(received), Heard::Cancellation);
        self.effect(Effect { order_id, received, heard, moment }).await.map_err(failed)
    }

    async fn confirm(
        &self,
        received: Received,
        order_id: OrderId,
        total: Money,
        moment: Moment,
    ) -> Result<Option<Payment>, RequestError> {
        let (received, heard) = (Some(received), Heard::Confirmation(total));
        self.effect(Effect { order_id, received, heard, moment }).await
    }

    async fn request_refund(
        &self,
        received: Received,
        order_id: OrderId,
        total: Money,
        moment: Moment,
    ) -> Result<Option<Payment>, RequestError> {
        let (received, heard) = (Some(received), Heard::RefundRequest(total));
        self.effect(Effect { order_id, received, heard, moment }).await
    }

    async fn record_settlement(
        &self,
        order_id: OrderId,
        settlement: Settlement,
        moment: Moment,
    ) -> Result<Option<Payment>, StoreError> {
        let heard = Heard::Settlement(settlement);
        self.effect(Effect { order_id, received: None, heard, moment }).await.map_err(failed)
    }

    async fn reschedule(&self, timer: Timer, next: Option<Timestamp>) -> Result<(), StoreError> {
        let mut connection = self.database.connection().await?;
        let transaction = connection.begin();
        if timers::postgres::stands(&transaction, &timer).await? {
            reset(&transaction, timer, next);
            transaction.commit().await?;
        }
        Ok(())
    }

    async fn payments(&self, after: Option<OrderId>, limit: u32) -> Result<Vec<Payment>, StoreError> {
        rows::payments(&self.database, after, limit).await
    }
}

/// Sets `timer`, which is locked, again for `next`, or clears it.
fn reset(transaction: &Transaction<'_>, timer: Timer, next: Option<Timestamp>) {
    match next {
        None => timers::postgres::clear(transaction, &timer.kind, timer.subject),
        Some(due_at) => {
            let attempt = timer.attempt.saturating_add(1);
            timers::postgres::set(transaction, Timer { attempt, due_at, ..timer });
        }
    }
}

fn existing(payment: Option<Payment>, order_id: OrderId) -> Result<Payment, StoreError> {
    payment.ok_or_else(|| StoreError::corrupt(format!("there is no payment for the order {order_id}")))
}

/// The error of an effect that nothing refuses.
fn failed(error: RequestError) -> StoreError {
    match error {
        RequestError::Store(error) => error,
        RequestError::Refused(refusal) => StoreError::corrupt(refusal.to_string()),
    }
}
