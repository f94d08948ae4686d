//! The outbox in PostgreSQL. A row belongs to the process that wrote it, so that the one that is woken by the commit is
//! the one that relays it; what a dead process wrote is taken over by a living one.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use contracts::{Timestamp, events::Event};
use deadpool_postgres::Object;
use tokio_postgres::{Row, Statement};
use uuid::Uuid;

use super::{OutboxRow, OutboxStore, fresh::Written};
use crate::{
    chaos::{Safeguard, does_without},
    messaging::Envelope,
    store::{
        StoreError,
        postgres::{Database, Transaction, moment, parse, timestamp},
    },
};

/// Has `event`, which happened at `now`, put into the outbox when `transaction` commits.
pub fn enqueue<E: Event>(transaction: &Transaction<'_>, event: &E, now: Timestamp) {
    transaction.send(Envelope::seal(event, now));
}

/// Enters events, in their order, and answers whether others of their aggregates are waiting before them. What an aggregate had
/// waiting was committed before whoever writes this could lock it, and so can be seen. `OFFSET 0` keeps the planner from reading
/// the whole outbox into a hash, for however few events.
pub(crate) const INSERT: &str = "INSERT INTO outbox
        (relay, message_id, aggregate, event_type, source, occurred_at, traceparent, payload)
     SELECT $1, message_id, aggregate, event_type, source, occurred_at, traceparent, payload
     FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::bytea[])
        WITH ORDINALITY
        AS event (message_id, aggregate, event_type, source, occurred_at, traceparent, payload, number)
     ORDER BY number
     RETURNING id, message_id,
        EXISTS (SELECT 1 FROM outbox earlier WHERE earlier.aggregate = outbox.aggregate OFFSET 0) AS waiting";

/// Enters `events` with `insert`, which is [`INSERT`], on behalf of `relay`.
///
/// # Returns
/// The rows, for the relay once they are committed.
pub(crate) async fn insert(
    connection: &Object,
    insert: Option<Statement>,
    relay: Uuid,
    events: Vec<Envelope>,
) -> Result<Written, tokio_postgres::Error> {
    let mut written = Written::new();
    let Some(insert) = insert else { return Ok(written) };
    let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
    let aggregates: Vec<Uuid> = events.iter().map(|event| event.aggregate).collect();
    let types: Vec<&str> = events.iter().map(|event| event.event_type.as_str()).collect();
    let sources: Vec<&str> = events.iter().map(|event| event.source.name()).collect();
    let times: Vec<SystemTime> = events.iter().map(|event| moment(event.time)).collect();
    let traces: Vec<String> = events.iter().map(|event| event.trace.to_string()).collect();
    let payloads: Vec<&[u8]> = events.iter().map(|event| &event.payload[..]).collect();
    let rows = connection
        .query(&insert, &[&relay, &ids, &aggregates, &types, &sources, &times, &traces, &payloads])
        .await?;
    let mut events: HashMap<Uuid, Envelope> = events.into_iter().map(|event| (event.id, event)).collect();
    let mut before = HashSet::new();
    for row in rows {
        let (id, message_id): (i64, Uuid) = (row.try_get("id")?, row.try_get("message_id")?);
        let Some(envelope) = events.remove(&message_id) else { continue };
        let aggregate = envelope.aggregate;
        // One that was written with it comes before it as well.
        let waiting = row.try_get("waiting")? || !before.insert(aggregate);
        written.add(OutboxRow { id, aggregate, envelope: Ok(envelope) }, waiting);
    }
    Ok(written)
}

/// `sql`, which is about rows in the hands of the relay `$1`; or about all rows, if the shop is to do without that.
fn fenced(sql: &str) -> Cow<'_, str> {
    if does_without(Safeguard::Fence) {
        sql.replace("relay = $1 ", "$1::uuid = $1 ").into()
    } else {
        sql.into()
    }
}

/// Rows that are taken over at a time, the oldest first: the next look takes over the next.
const TAKEN_OVER: i64 = 5_000;

#[async_trait]
impl OutboxStore for Database {
    async fn hold(&self, now: Timestamp, ttl: Duration) -> Result<(), StoreError> {
        let relay = self.relay();
        self.execute(
            "INSERT INTO outbox_relay (relay, expires_at) VALUES ($1, $2)
             ON CONFLICT (relay) DO UPDATE SET expires_at = excluded.expires_at",
            &[&relay, &moment(now + ttl)],
        )
        .await?;
        // Whoever deletes the row of a process that is gone takes over what it wrote, and nobody else can. A process that
        // wakes up after its time finds its rows in other hands: that is the fence. Nothing is waited for here, as others
        // wait for what this has locked. A row that is locked is about to be deleted; if it is not, the next look finds it.
        self.execute(
            "WITH gone AS
                (DELETE FROM outbox_relay WHERE relay IN
                    (SELECT relay FROM outbox_relay WHERE expires_at < $2 FOR UPDATE SKIP LOCKED)
                 RETURNING relay)
             UPDATE outbox SET relay = $1 WHERE id IN
                (SELECT id FROM outbox
                 WHERE relay IN (SELECT relay FROM gone) OR relay NOT IN (SELECT relay FROM outbox_relay)
                 ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)",
            &[&relay, &moment(now), &TAKEN_OVER],
        )
        .await?;
        Ok(())
    }

    async fn release(&self) -> Result<(), StoreError> {
        self.execute("DELETE FROM outbox_relay WHERE relay = $1", &[&self.relay()]).await?;
        Ok(())
    }

    fn committed(&self) -> Option<Vec<OutboxRow>> {
        self.fresh().take()
    }

    async fn fetch(&self, after: i64, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        // A row waits for those of its aggregate that another process has yet to relay, and for those behind the cursor:
        // ids are not handed out in the order of commits, so one may have turned up there since.
        let rows = self
            .chore()
            .await?
            .query(
                &fenced(
                    "SELECT id, message_id, aggregate, event_type, source, occurred_at, traceparent, payload
                 FROM outbox mine WHERE relay = $1 AND id > $2 AND NOT EXISTS
                    (SELECT 1 FROM outbox earlier
                     WHERE earlier.aggregate = mine.aggregate AND earlier.id < mine.id
                        AND (earlier.relay <> $1 OR earlier.id <= $2))
                 ORDER BY id LIMIT $3",
                ),
                &[&self.relay(), &after, &i64::from(limit)],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(OutboxRow {
                    id: row.try_get("id")?,
                    aggregate: row.try_get("aggregate")?,
                    envelope: envelope(row).map_err(|error| error.to_string()),
                })
            })
            .collect()
    }

    async fn delete(&self, ids: &[i64]) -> Result<(), StoreError> {
        let sql = fenced("DELETE FROM outbox WHERE relay = $1 AND id = ANY($2)");
        self.chore().await?.execute(&sql, &[&self.relay(), &ids]).await?;
        Ok(())
    }

    async fn depth(&self) -> Result<u64, StoreError> {
        let rows = self.query("SELECT count(*) FROM outbox", &[]).await?;
        let depth: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
        Ok(depth.unsigned_abs())
    }

    async fn oldest(&self) -> Result<Option<Uuid>, StoreError> {
        let rows = self.query("SELECT message_id FROM outbox ORDER BY id LIMIT 1", &[]).await?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
    }
}

/// Reads the columns of a row that make an envelope.
pub(crate) fn envelope(row: &Row) -> Result<Envelope, StoreError> {
    let id: Uuid = row.try_get("message_id")?;
    Ok(Envelope {
        id,
        aggregate: row.try_get("aggregate")?,
        event_type: row.try_get("event_type")?,
        source: parse(row, "source")?,
        time: timestamp(row, "occurred_at")?,
        trace: parse(row, "traceparent")?,
        payload: row.try_get::<_, Vec<u8>>("payload")?.into(),
    })
}
