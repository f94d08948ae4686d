//! Idempotency keys in PostgreSQL.

use async_trait::async_trait;
use contracts::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tokio_postgres::Row;

use super::{Idempotency, IdempotencyStore, Known, compare};
use crate::{
    chaos::{Safeguard, does_without},
    store::{
        StoreError,
        postgres::{Database, Transaction, moment},
    },
};

const FIND: &str =
    "SELECT fingerprint, answer::text AS answer FROM idempotency WHERE scope = $1 AND key = $2";

/// What is known of a key. Of two transactions with the same new key the second waits here for the first.
///
/// # Errors
/// [`StoreError`].
pub async fn known<T: DeserializeOwned>(
    transaction: &Transaction<'_>,
    idempotency: &Idempotency,
) -> Result<Known<T>, StoreError> {
    transaction
        .query(
            "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))",
            &[&idempotency.scope, &idempotency.key],
        )
        .await?;
    read(idempotency, transaction.query_opt(FIND, &[&idempotency.scope, &idempotency.key]).await?.as_ref())
}

fn read<T: DeserializeOwned>(idempotency: &Idempotency, row: Option<&Row>) -> Result<Known<T>, StoreError> {
    match row {
        None => Ok(Known::New),
        Some(row) => compare(idempotency, row.try_get("fingerprint")?, row.try_get("answer")?),
    }
}

/// Keeps `answer` for a key that is not known yet.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub async fn keep<T: Serialize + Sync>(
    transaction: &Transaction<'_>,
    idempotency: &Idempotency,
    answer: &T,
    now: Timestamp,
) -> Result<(), StoreError> {
    if does_without(Safeguard::Idempotency) {
        return Ok(());
    }
    let answer = serde_json::to_value(answer).map_err(|error| StoreError::Failed(error.into()))?;
    transaction
        .execute(
            "INSERT INTO idempotency (scope, key, fingerprint, answer, created_at) VALUES ($1, $2, $3, $4, $5)",
            &[&idempotency.scope, &idempotency.key, &&idempotency.fingerprint[..], &answer, &moment(now)],
        )
        .await?;
    Ok(())
}

#[async_trait]
impl IdempotencyStore for Database {
    async fn known_answer(&self, idempotency: &Idempotency) -> Result<Known<String>, StoreError> {
        let rows = self.query(FIND, &[&idempotency.scope, &idempotency.key]).await?;
        Ok(match read::<Box<RawValue>>(idempotency, rows.first())? {
            Known::New => Known::New,
            Known::Conflict => Known::Conflict,
            Known::Answered(answer) => Known::Answered(answer.get().to_owned()),
        })
    }

    async fn prune_idempotency(&self, before: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM idempotency WHERE (scope, key) IN
            (SELECT scope, key FROM idempotency WHERE created_at < $1
             ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
        self.prune(sql, before).await
    }
}
