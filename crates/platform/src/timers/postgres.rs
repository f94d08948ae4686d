//! Timers in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use contracts::Timestamp;
use uuid::Uuid;

use super::{Timer, TimerStore, is_soon};
use crate::store::{
    StoreError,
    postgres::{Database, Transaction, count, moment, timestamp},
};

fn attempt(timer: &Timer) -> i32 {
    i32::try_from(timer.attempt).unwrap_or(i32::MAX)
}

/// Sets `timer`, in place of one of the same kind and subject.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub async fn set(transaction: &Transaction<'_>, timer: &Timer) -> Result<(), StoreError> {
    transaction
        .execute(
            "INSERT INTO timer (kind, subject, attempt, due_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (kind, subject) DO UPDATE SET
                attempt = excluded.attempt, due_at = excluded.due_at, claimed_until = '-infinity'",
            &[&timer.kind, &timer.subject, &attempt(timer), &moment(timer.due_at)],
        )
        .await?;
    if is_soon(timer) {
        transaction.timer_set();
    }
    Ok(())
}

/// Clears the timer of this kind and subject, if there is one.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub async fn clear(transaction: &Transaction<'_>, kind: &str, subject: Uuid) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM timer WHERE kind = $1 AND subject = $2", &[&kind, &subject]).await?;
    Ok(())
}

/// Whether `timer` still stands as it was when it was claimed, and locks it if it does. If it does not, it was handled or
/// set again meanwhile.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub async fn stands(transaction: &Transaction<'_>, timer: &Timer) -> Result<bool, StoreError> {
    let standing = transaction
        .query_opt(
            "SELECT 1 FROM timer WHERE kind = $1 AND subject = $2 AND attempt = $3 AND due_at = $4 FOR UPDATE",
            &[&timer.kind, &timer.subject, &attempt(timer), &moment(timer.due_at)],
        )
        .await?;
    Ok(standing.is_some())
}

#[async_trait]
impl TimerStore for Database {
    async fn claim_due(&self, now: Timestamp, claim: Duration, limit: u32) -> Result<Vec<Timer>, StoreError> {
        let rows = self
            .chore()
            .await?
            .query(
                "UPDATE timer SET claimed_until = $2 WHERE (kind, subject) IN
                    (SELECT kind, subject FROM timer WHERE due_at <= $1 AND claimed_until <= $1
                     ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
                 RETURNING kind, subject, attempt, due_at",
                &[&moment(now), &moment(now + claim), &i64::from(limit)],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Timer {
                    kind: row.try_get("kind")?,
                    subject: row.try_get("subject")?,
                    attempt: count(row, "attempt")?,
                    due_at: timestamp(row, "due_at")?,
                })
            })
            .collect()
    }
}
