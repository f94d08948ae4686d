//! Idempotency keys in SQLite.

use async_trait::async_trait;
use contracts::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{Idempotency, IdempotencyStore, Known, Once, compare};
use crate::{
    chaos::{Safeguard, does_without},
    store::{
        StoreError,
        sqlite::{Database, Transaction},
    },
};

/// Runs `command` unless its key has been used, and keeps its answer with the key, all in one transaction.
///
/// # Errors
/// [`StoreError`] of the store or of `command`: then the transaction must not commit.
pub fn once<T, F>(
    transaction: &Transaction<'_>,
    idempotency: Option<&Idempotency>,
    now: Timestamp,
    command: F,
) -> Result<Once<T>, StoreError>
where
    T: Serialize + DeserializeOwned,
    F: FnOnce() -> Result<T, StoreError>,
{
    let Some(idempotency) = idempotency else {
        return command().map(Once::Done);
    };
    match known(transaction, idempotency)? {
        Known::Answered(answer) => return Ok(Once::Replayed(answer)),
        Known::Conflict => return Ok(Once::Conflict),
        Known::New => {}
    }
    let answer = command()?;
    keep(transaction, idempotency, &answer, now)?;
    Ok(Once::Done(answer))
}

/// What is known of a key.
///
/// # Errors
/// [`StoreError`].
pub fn known<T: DeserializeOwned>(
    connection: &Connection,
    idempotency: &Idempotency,
) -> Result<Known<T>, StoreError> {
    let row = connection
        .prepare_cached("SELECT fingerprint, answer FROM idempotency WHERE scope = ?1 AND key = ?2")?
        .query_row(params![idempotency.scope, idempotency.key], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    match row {
        None => Ok(Known::New),
        Some((fingerprint, answer)) => compare(idempotency, &fingerprint, &answer),
    }
}

/// Keeps `answer` for a key that is not known yet.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub fn keep(
    transaction: &Transaction<'_>,
    idempotency: &Idempotency,
    answer: &impl Serialize,
    now: Timestamp,
) -> Result<(), StoreError> {
    if does_without(Safeguard::Idempotency) {
        return Ok(());
    }
    let answer = serde_json::to_string(answer).map_err(|error| StoreError::Failed(error.into()))?;
    transaction
        .prepare_cached(
            "INSERT INTO idempotency (scope, key, fingerprint, answer, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            idempotency.scope,
            idempotency.key,
            &idempotency.fingerprint[..],
            answer,
            now.as_micros()
        ])?;
    Ok(())
}

#[async_trait]
impl IdempotencyStore for Database {
    async fn known_answer(&self, idempotency: &Idempotency) -> Result<Known<String>, StoreError> {
        let idempotency = idempotency.clone();
        self.read(move |connection| {
            Ok(match known::<Box<RawValue>>(connection, &idempotency)? {
                Known::New => Known::New,
                Known::Conflict => Known::Conflict,
                Known::Answered(answer) => Known::Answered(answer.get().to_owned()),
            })
        })
        .await
    }

    async fn prune_idempotency(&self, before: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM idempotency WHERE (scope, key) IN
            (SELECT scope, key FROM idempotency WHERE created_at < ?1 LIMIT ?2)";
        self.prune(sql, before).await
    }
}
