//! The inbox and the dead letters in SQLite.

use async_trait::async_trait;
use contracts::{Service, Timestamp};
use rusqlite::{OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::{DeadLetter, DeadLetterStore, InboxStore, Received};
use crate::{
    chaos::{Safeguard, does_without},
    store::{
        StoreError,
        sqlite::{Database, Transaction, parse},
    },
};

/// Enters a message into the inbox as the first thing in its effect's transaction.
///
/// # Returns
/// Whether it is new. If it is not, it has been applied: leave everything as it is, and commit.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub fn is_new(transaction: &Transaction<'_>, received: Received, now: Timestamp) -> Result<bool, StoreError> {
    if does_without(Safeguard::Inbox) {
        transaction.execute("DELETE FROM inbox WHERE message_id = ?1", [received.message_id])?;
    }
    let inserted = transaction
        .prepare_cached(
            "INSERT INTO inbox (consumer, message_id, applied_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![received.consumer.name(), received.message_id, now.as_micros()])?;
    Ok(inserted == 1)
}

#[async_trait]
impl InboxStore for Database {
    async fn record_failure(&self, received: Received, now: Timestamp) -> Result<u32, StoreError> {
        self.write(move |transaction| {
            Ok(transaction.query_row(
                "INSERT INTO inbox_failure (consumer, message_id, attempts, failed_at) VALUES (?1, ?2, 1, ?3)
                 ON CONFLICT (consumer, message_id) DO UPDATE SET attempts = attempts + 1, failed_at = excluded.failed_at
                 RETURNING attempts",
                params![received.consumer.name(), received.message_id, now.as_micros()],
                |row| row.get(0),
            )?)
        })
        .await
    }

    async fn prune_inbox(&self, before: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM inbox WHERE (consumer, message_id) IN
            (SELECT consumer, message_id FROM inbox WHERE applied_at < ?1 LIMIT ?2)";
        self.prune(sql, before).await?;
        let sql = "DELETE FROM inbox_failure WHERE (consumer, message_id) IN
            (SELECT consumer, message_id FROM inbox_failure WHERE failed_at < ?1 LIMIT ?2)";
        self.prune(sql, before).await
    }
}

const COLUMNS: &str = "message_id, aggregate, event_type, source, occurred_at, traceparent, payload,
    consumer, error, attempts, died_at, redrive_at";

#[async_trait]
impl DeadLetterStore for Database {
    async fn bury(&self, letter: DeadLetter) -> Result<(), StoreError> {
        self.write(move |transaction| {
            let envelope = &letter.envelope;
            transaction.execute(
                "INSERT INTO dead_letter (consumer, message_id, event_type, source, aggregate, occurred_at, traceparent,
                    payload, error, attempts, died_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 ON CONFLICT (consumer, message_id) DO UPDATE SET
                    error = excluded.error, attempts = excluded.attempts, died_at = excluded.died_at, redrive_at = NULL",
                params![
                    letter.consumer.name(),
                    envelope.id,
                    envelope.event_type,
                    envelope.source.name(),
                    envelope.aggregate,
                    envelope.time.as_micros(),
                    envelope.trace.to_string(),
                    &envelope.payload[..],
                    letter.error,
                    letter.attempts,
                    letter.died_at.as_micros(),
                ],
            )?;
            Ok(())
        })
        .await
    }

    async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        self.read(move |connection| {
            let mut rows = connection.prepare(&format!(
                "SELECT {COLUMNS} FROM dead_letter ORDER BY died_at, message_id LIMIT ?1"
            ))?;
            Ok(rows.query_map([limit], dead_letter)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn count_dead_letters(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let count: i64 =
                connection.query_row("SELECT count(*) FROM dead_letter", [], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
        .await
    }

    async fn dead_letter(&self, message_id: Uuid) -> Result<Option<DeadLetter>, StoreError> {
        self.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM dead_letter WHERE message_id = ?1");
            Ok(connection.query_row(&sql, [message_id], dead_letter).optional()?)
        })
        .await
    }

    async fn request_redrive(&self, message_id: Option<Uuid>, now: Timestamp) -> Result<u64, StoreError> {
        self.write(move |transaction| {
            let changed = transaction.execute(
                "UPDATE dead_letter SET redrive_at = ?1 WHERE ?2 IS NULL OR message_id = ?2",
                params![now.as_micros(), message_id],
            )?;
            Ok(changed as u64)
        })
        .await
    }

    async fn to_redrive(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        self.read(move |connection| {
            let mut rows = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM dead_letter WHERE redrive_at IS NOT NULL ORDER BY redrive_at, died_at LIMIT ?1"
            ))?;
            Ok(rows.query_map([limit], dead_letter)?.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn take_request(&self, consumer: Service, message_id: Uuid) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let taken = transaction.execute(
                "UPDATE dead_letter SET redrive_at = NULL
                 WHERE consumer = ?1 AND message_id = ?2 AND redrive_at IS NOT NULL",
                params![consumer.name(), message_id],
            )?;
            Ok(taken == 1)
        })
        .await
    }

    async fn remove_dead_letter(&self, consumer: Service, message_id: Uuid) -> Result<(), StoreError> {
        self.write(move |transaction| {
            let key = params![consumer.name(), message_id];
            transaction.execute("DELETE FROM dead_letter WHERE consumer = ?1 AND message_id = ?2", key)?;
            Ok(())
        })
        .await
    }
}

fn dead_letter(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    Ok(DeadLetter {
        envelope: crate::outbox::sqlite::envelope(row, 0)?,
        consumer: parse(row, 7)?,
        error: row.get(8)?,
        attempts: row.get(9)?,
        died_at: Timestamp::from_micros(row.get(10)?),
        redrive_at: row.get::<_, Option<i64>>(11)?.map(Timestamp::from_micros),
    })
}
