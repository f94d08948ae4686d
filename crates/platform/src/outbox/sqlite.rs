//! The outbox in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use contracts::{Timestamp, events::Event};
use rusqlite::{OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::{OutboxRow, OutboxStore};
use crate::{
    messaging::Envelope,
    store::{
        StoreError,
        sqlite::{Database, Transaction},
    },
};

/// Puts `event`, which happened at `now`, into the outbox as part of `transaction`.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub fn enqueue<E: Event>(transaction: &Transaction<'_>, event: &E, now: Timestamp) -> Result<(), StoreError> {
    let envelope = Envelope::seal(event, now);
    transaction
        .prepare_cached(
            "INSERT INTO outbox (message_id, aggregate, event_type, source, occurred_at, traceparent, payload)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            envelope.id,
            envelope.aggregate,
            envelope.event_type,
            envelope.source.name(),
            envelope.time.as_micros(),
            envelope.trace.to_string(),
            &envelope.payload[..],
        ])?;
    transaction.outbox_grew();
    Ok(())
}

/// A process that serves from SQLite holds a lock on the file, so all rows are its own.
#[async_trait]
impl OutboxStore for Database {
    async fn hold(&self, _now: Timestamp, _ttl: Duration) -> Result<(), StoreError> {
        Ok(())
    }

    async fn release(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn fetch(&self, after: i64, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        self.read(move |connection| {
            let mut rows = connection.prepare_cached(
                "SELECT id, message_id, aggregate, event_type, source, occurred_at, traceparent, payload
                 FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2",
            )?;
            let rows = rows.query_map(params![after, limit], |row| {
                Ok(OutboxRow {
                    id: row.get(0)?,
                    // Without an id that can be read it holds back no aggregate, and stays all the same.
                    aggregate: row.get(2).unwrap_or_default(),
                    envelope: envelope(row, 1).map_err(|error| error.to_string()),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn delete(&self, ids: &[i64]) -> Result<(), StoreError> {
        let ids = ids.to_vec();
        self.write(move |transaction| {
            let mut delete = transaction.prepare_cached("DELETE FROM outbox WHERE id = ?1")?;
            for id in ids {
                delete.execute([id])?;
            }
            Ok(())
        })
        .await
    }

    async fn depth(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let depth: i64 = connection.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?;
            Ok(depth.unsigned_abs())
        })
        .await
    }

    async fn oldest(&self) -> Result<Option<Uuid>, StoreError> {
        self.read(|connection| {
            let first = "SELECT message_id FROM outbox ORDER BY id LIMIT 1";
            Ok(connection.query_row(first, [], |row| row.get(0)).optional()?)
        })
        .await
    }
}

/// Reads `message_id`, `aggregate`, `event_type`, `source`, `occurred_at`, `traceparent` and `payload` from column `at` on.
pub(crate) fn envelope(row: &Row<'_>, at: usize) -> rusqlite::Result<Envelope> {
    Ok(Envelope {
        id: row.get(at)?,
        aggregate: row.get(at + 1)?,
        event_type: row.get(at + 2)?,
        source: crate::store::sqlite::parse(row, at + 3)?,
        time: Timestamp::from_micros(row.get(at + 4)?),
        trace: crate::store::sqlite::parse(row, at + 5)?,
        payload: row.get::<_, Vec<u8>>(at + 6)?.into(),
    })
}
