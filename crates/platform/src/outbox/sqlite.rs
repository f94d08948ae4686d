//! The outbox in SQLite.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use contracts::{Timestamp, events::Event};
use rusqlite::{Row, params};
use uuid::Uuid;

use super::{Lease, OutboxRow, OutboxStore, SHARDS, shard_of};
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
            "INSERT INTO outbox (message_id, shard, aggregate, event_type, source, occurred_at, traceparent, payload)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            envelope.id,
            shard_of(envelope.aggregate),
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

#[async_trait]
impl OutboxStore for Database {
    /// A process that serves from SQLite holds a lock on the file, so whoever asks is the only one, and takes all.
    async fn lease(&self, owner: Uuid, now: Timestamp, ttl: Duration) -> Result<Vec<Lease>, StoreError> {
        let expires_at = (now + ttl).as_micros();
        self.write(move |transaction| {
            let mut upsert = transaction.prepare_cached(
                "INSERT INTO outbox_lease (shard, owner, fence, expires_at) VALUES (?1, ?2, 1, ?3)
                 ON CONFLICT (shard) DO UPDATE SET
                    fence = fence + (owner <> excluded.owner), owner = excluded.owner, expires_at = excluded.expires_at
                 RETURNING fence",
            )?;
            (0..SHARDS)
                .map(|shard| {
                    let fence = upsert.query_row(params![shard, owner, expires_at], |row| row.get(0))?;
                    Ok(Lease { shard, fence })
                })
                .collect()
        })
        .await
    }

    async fn release(&self, owner: Uuid) -> Result<(), StoreError> {
        self.write(move |transaction| {
            transaction.execute("UPDATE outbox_lease SET expires_at = 0 WHERE owner = ?1", [owner])?;
            Ok(())
        })
        .await
    }

    async fn fetch(&self, leases: &[Lease], after: i64, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let leases: HashMap<u8, Lease> = leases.iter().map(|lease| (lease.shard, *lease)).collect();
        self.read(move |connection| {
            let mut rows = connection.prepare_cached(
                "SELECT id, shard, message_id, aggregate, event_type, source, occurred_at, traceparent, payload
                 FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2",
            )?;
            let mut rows = rows.query(params![after, limit])?;
            let mut held = Vec::new();
            while let Some(row) = rows.next()? {
                if let Some(lease) = leases.get(&row.get(1)?) {
                    held.push(OutboxRow { id: row.get(0)?, lease: *lease, envelope: envelope(row, 2)? });
                }
            }
            Ok(held)
        })
        .await
    }

    async fn delete(&self, rows: &[(i64, Lease)]) -> Result<(), StoreError> {
        let rows = rows.to_vec();
        self.write(move |transaction| {
            let mut delete = transaction.prepare_cached(
                "DELETE FROM outbox WHERE id = ?1 AND shard = ?2
                    AND EXISTS (SELECT 1 FROM outbox_lease WHERE shard = ?2 AND fence = ?3)",
            )?;
            for (id, lease) in rows {
                delete.execute(params![id, lease.shard, lease.fence])?;
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
