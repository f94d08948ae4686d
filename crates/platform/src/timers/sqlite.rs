//! Timers in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use contracts::Timestamp;
use rusqlite::params;
use uuid::Uuid;

use super::{Timer, TimerStore, is_soon};
use crate::store::{
    StoreError,
    sqlite::{Database, Transaction},
};

/// Sets `timer`, in place of one of the same kind and subject.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub fn set(transaction: &Transaction<'_>, timer: &Timer) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO timer (kind, subject, attempt, due_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (kind, subject) DO UPDATE SET
                attempt = excluded.attempt, due_at = excluded.due_at, claimed_until = 0",
        )?
        .execute(params![timer.kind, timer.subject, timer.attempt, timer.due_at.as_micros()])?;
    if is_soon(timer) {
        transaction.timer_set();
    }
    Ok(())
}

/// Clears the timer of this kind and subject, if there is one.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub fn clear(transaction: &Transaction<'_>, kind: &str, subject: Uuid) -> Result<(), StoreError> {
    transaction
        .prepare_cached("DELETE FROM timer WHERE kind = ?1 AND subject = ?2")?
        .execute(params![kind, subject])?;
    Ok(())
}

/// Whether `timer` still stands as it was when it was claimed. If it does not, it was handled or set again meanwhile.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub fn stands(transaction: &Transaction<'_>, timer: &Timer) -> Result<bool, StoreError> {
    Ok(transaction
        .prepare_cached(
            "SELECT 1 FROM timer WHERE kind = ?1 AND subject = ?2 AND attempt = ?3 AND due_at = ?4",
        )?
        .exists(params![timer.kind, timer.subject, timer.attempt, timer.due_at.as_micros()])?)
}

#[async_trait]
impl TimerStore for Database {
    async fn claim_due(&self, now: Timestamp, claim: Duration, limit: u32) -> Result<Vec<Timer>, StoreError> {
        let (now, until) = (now.as_micros(), (now + claim).as_micros());
        // A look that finds nothing, as nearly all do, must not cost a commit.
        let any = self
            .read(move |connection| {
                Ok(connection
                    .prepare_cached("SELECT 1 FROM timer WHERE due_at <= ?1 AND claimed_until <= ?1 LIMIT 1")?
                    .exists([now])?)
            })
            .await?;
        if !any {
            return Ok(Vec::new());
        }
        self.write(move |transaction| {
            let mut claim = transaction.prepare_cached(
                "UPDATE timer SET claimed_until = ?2 WHERE (kind, subject) IN
                    (SELECT kind, subject FROM timer WHERE due_at <= ?1 AND claimed_until <= ?1 ORDER BY due_at LIMIT ?3)
                 RETURNING kind, subject, attempt, due_at",
            )?;
            let due = claim.query_map(params![now, until, limit], |row| {
                Ok(Timer {
                    kind: row.get(0)?,
                    subject: row.get(1)?,
                    attempt: row.get(2)?,
                    due_at: Timestamp::from_micros(row.get(3)?),
                })
            })?;
            Ok(due.collect::<Result<_, _>>()?)
        })
        .await
    }
}
