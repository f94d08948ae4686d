//! The inbox and the dead letters in PostgreSQL.

use std::collections::HashSet;

use async_trait::async_trait;
use contracts::{Service, Timestamp};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{DeadLetter, DeadLetterStore, InboxStore, Received};
use crate::{
    chaos::{Safeguard, does_without},
    store::{
        StoreError,
        postgres::{Database, Transaction, count, moment, parse, timestamp},
    },
};

/// Enters a message into the inbox as the first thing in its effect's transaction.
///
/// # Returns
/// Whether it is new. If it is not, it has been applied: leave everything as it is, and commit.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub async fn is_new(
    transaction: &Transaction<'_>,
    received: Received,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(!are_new(transaction, &[received], now).await?.is_empty())
}

/// As [`is_new`], of several messages that come to the same consumer.
///
/// # Returns
/// The ids of those that are new.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub async fn are_new(
    transaction: &Transaction<'_>,
    received: &[Received],
    now: Timestamp,
) -> Result<HashSet<Uuid>, StoreError> {
    let Some(Received { consumer, .. }) = received.first() else { return Ok(HashSet::new()) };
    let mut ids: Vec<Uuid> = received.iter().map(|received| received.message_id).collect();
    // Of two who enter the same messages none waits for one that the other waits with.
    ids.sort_unstable();
    if does_without(Safeguard::Inbox) {
        transaction.execute("DELETE FROM inbox WHERE message_id = ANY($1)", &[&ids]).await?;
    }
    let rows = transaction
        .query(
            "INSERT INTO inbox (consumer, message_id, applied_at)
             SELECT $1, message_id, $3 FROM unnest($2::uuid[]) AS message_id
             ON CONFLICT DO NOTHING RETURNING message_id",
            &[&consumer.name(), &ids, &moment(now)],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

#[async_trait]
impl InboxStore for Database {
    async fn record_failure(&self, received: Received, now: Timestamp) -> Result<u32, StoreError> {
        let rows = self
            .query(
                "INSERT INTO inbox_failure AS f (consumer, message_id, attempts, failed_at) VALUES ($1, $2, 1, $3)
                 ON CONFLICT (consumer, message_id)
                    DO UPDATE SET attempts = f.attempts + 1, failed_at = excluded.failed_at
                 RETURNING attempts",
                &[&received.consumer.name(), &received.message_id, &moment(now)],
            )
            .await?;
        rows.first().map_or_else(
            || Err(StoreError::corrupt("a failure was not counted")),
            |row| count(row, "attempts"),
        )
    }

    async fn prune_inbox(&self, before: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM inbox WHERE (consumer, message_id) IN
            (SELECT consumer, message_id FROM inbox WHERE applied_at < $1
             ORDER BY applied_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
        self.prune(sql, before).await?;
        let sql = "DELETE FROM inbox_failure WHERE (consumer, message_id) IN
            (SELECT consumer, message_id FROM inbox_failure WHERE failed_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
        self.prune(sql, before).await
    }
}

const COLUMNS: &str =
    "consumer, message_id, event_type, source, aggregate, occurred_at, traceparent, payload,
    error, attempts, died_at, redrive_at";

#[async_trait]
impl DeadLetterStore for Database {
    async fn bury(&self, letter: DeadLetter) -> Result<(), StoreError> {
        let envelope = &letter.envelope;
        // A text here cannot have the character NUL (https://www.postgresql.org/docs/current/datatype-character.html), and
        // what is buried may be anything.
        let [event_type, error] =
            [&envelope.event_type, &letter.error].map(|text| text.replace('\0', "\u{fffd}"));
        self.execute(
            "INSERT INTO dead_letter (consumer, message_id, event_type, source, aggregate, occurred_at, traceparent,
                payload, error, attempts, died_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (consumer, message_id) DO UPDATE SET
                error = excluded.error, attempts = excluded.attempts, died_at = excluded.died_at, redrive_at = NULL",
            &[
                &letter.consumer.name(),
                &envelope.id,
                &event_type,
                &envelope.source.name(),
                &envelope.aggregate,
                &moment(envelope.time),
                &envelope.trace.to_string(),
                &&envelope.payload[..],
                &error,
                &i32::try_from(letter.attempts).unwrap_or(i32::MAX),
                &moment(letter.died_at),
            ],
        )
        .await?;
        Ok(())
    }

    async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM dead_letter ORDER BY died_at, message_id LIMIT $1");
        self.query(&sql, &[&i64::from(limit)]).await?.iter().map(dead_letter).collect()
    }

    async fn count_dead_letters(&self) -> Result<u64, StoreError> {
        let rows = self.query("SELECT count(*) FROM dead_letter", &[]).await?;
        let count: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
        Ok(count.unsigned_abs())
    }

    async fn dead_letter(&self, message_id: Uuid) -> Result<Option<DeadLetter>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM dead_letter WHERE message_id = $1");
        self.query(&sql, &[&message_id]).await?.first().map(dead_letter).transpose()
    }

    async fn request_redrive(&self, message_id: Option<Uuid>, now: Timestamp) -> Result<u64, StoreError> {
        self.execute(
            "UPDATE dead_letter SET redrive_at = $1 WHERE $2::uuid IS NULL OR message_id = $2",
            &[&moment(now), &message_id],
        )
        .await
    }

    async fn to_redrive(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM dead_letter WHERE redrive_at IS NOT NULL ORDER BY redrive_at, died_at LIMIT $1"
        );
        self.query(&sql, &[&i64::from(limit)]).await?.iter().map(dead_letter).collect()
    }

    async fn take_request(&self, consumer: Service, message_id: Uuid) -> Result<bool, StoreError> {
        let taken = self
            .execute(
                "UPDATE dead_letter SET redrive_at = NULL
                 WHERE consumer = $1 AND message_id = $2 AND redrive_at IS NOT NULL",
                &[&consumer.name(), &message_id],
            )
            .await?;
        Ok(taken == 1)
    }

    async fn remove_dead_letter(&self, consumer: Service, message_id: Uuid) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM dead_letter WHERE consumer = $1 AND message_id = $2",
            &[&consumer.name(), &message_id],
        )
        .await?;
        Ok(())
    }
}

fn dead_letter(row: &Row) -> Result<DeadLetter, StoreError> {
    let redrive_at = if row.try_get::<_, Option<std::time::SystemTime>>("redrive_at")?.is_some() {
        Some(timestamp(row, "redrive_at")?)
    } else {
        None
    };
    Ok(DeadLetter {
        consumer: parse(row, "consumer")?,
        envelope: crate::outbox::postgres::envelope(row)?,
        error: row.try_get("error")?,
        attempts: count(row, "attempts")?,
        died_at: timestamp(row, "died_at")?,
        redrive_at,
    })
}
