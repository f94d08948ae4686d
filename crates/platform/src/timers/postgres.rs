//! Timers in PostgreSQL.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use contracts::Timestamp;
use deadpool_postgres::Object;
use futures::future::try_join_all;
use tokio_postgres::Statement;
use uuid::Uuid;

use super::{Timer, TimerStore};
use crate::store::{
    StoreError,
    postgres::{Database, Transaction, count, moment, timestamp},
};

fn attempt(timer: &Timer) -> i32 {
    i32::try_from(timer.attempt).unwrap_or(i32::MAX)
}

/// Has `timer` set when `transaction` commits, in place of one of the same kind and subject.
pub fn set(transaction: &Transaction<'_>, timer: Timer) {
    transaction.set_timer(timer);
}

/// Has the timer of this kind and subject cleared when `transaction` commits, if there is one.
pub fn clear(transaction: &Transaction<'_>, kind: &str, subject: Uuid) {
    transaction.clear_timer(kind, subject);
}

/// Sets timers, in place of those of the same kinds and subjects.
pub(crate) const SET: &str = "INSERT INTO timer (kind, subject, attempt, due_at)
     SELECT * FROM unnest($1::text[], $2::uuid[], $3::integer[], $4::timestamptz[])
     ON CONFLICT (kind, subject) DO UPDATE SET
        attempt = excluded.attempt, due_at = excluded.due_at, claimed_until = '-infinity'";

/// Sets `timers`, each of another kind or subject, with `set`, which is [`SET`].
pub(crate) async fn set_all(
    connection: &Object,
    set: Option<Statement>,
    timers: &[Timer],
) -> Result<(), tokio_postgres::Error> {
    let Some(set) = set else { return Ok(()) };
    let kinds: Vec<&str> = timers.iter().map(|timer| timer.kind.as_str()).collect();
    let subjects: Vec<Uuid> = timers.iter().map(|timer| timer.subject).collect();
    let attempts: Vec<i32> = timers.iter().map(attempt).collect();
    let due: Vec<SystemTime> = timers.iter().map(|timer| moment(timer.due_at)).collect();
    connection.execute(&set, &[&kinds, &subjects, &attempts, &due]).await.map(drop)
}

/// Clears the timers of one kind and several subjects.
pub(crate) const CLEAR: &str = "DELETE FROM timer WHERE kind = $1 AND subject = ANY($2)";

/// Clears the timers of these kinds and subjects with `clear`, which is [`CLEAR`].
pub(crate) async fn clear_all(
    connection: &Object,
    clear: Option<Statement>,
    timers: &BTreeMap<String, Vec<Uuid>>,
) -> Result<(), tokio_postgres::Error> {
    let Some(clear) = clear else { return Ok(()) };
    let clear = &clear;
    let of_kinds = timers
        .iter()
        .map(|(kind, subjects)| async move { connection.execute(clear, &[kind, subjects]).await });
    try_join_all(of_kinds).await.map(drop)
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
