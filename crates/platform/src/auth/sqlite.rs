//! Revocations in SQLite.

use async_trait::async_trait;
use contracts::{CustomerId, SessionId, Timestamp};
use rusqlite::params;
use uuid::Uuid;

use super::{Revocation, RevocationStore, Revoked};
use crate::{
    inbox::{self, Received},
    store::{
        StoreError,
        sqlite::{Database, Transaction},
    },
};

/// Records a revocation as part of `transaction`.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub fn record(transaction: &Transaction<'_>, revocation: Revocation) -> Result<(), StoreError> {
    let (kind, subject) = match revocation.revoked {
        Revoked::Customer(customer) => ("customer", customer.0),
        Revoked::Session(session) => ("session", session.0),
    };
    // Those whose tokens have all expired are forgotten here, so that the table stays as small as it is now.
    transaction
        .prepare_cached("DELETE FROM revocation WHERE until < ?1")?
        .execute([revocation.at.as_micros()])?;
    transaction
        .prepare_cached(
            "INSERT INTO revocation (subject, kind, until, revoked_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (subject) DO UPDATE SET
                until = max(until, excluded.until), revoked_at = excluded.revoked_at",
        )?
        .execute(params![subject, kind, revocation.until.as_micros(), revocation.at.as_micros()])?;
    Ok(())
}

#[async_trait]
impl RevocationStore for Database {
    async fn revoked_since(&self, after: Timestamp) -> Result<Vec<Revocation>, StoreError> {
        self.read(move |connection| {
            let mut rows = connection.prepare_cached(
                "SELECT kind, subject, until, revoked_at FROM revocation WHERE revoked_at > ?1",
            )?;
            let rows = rows.query_map([after.as_micros()], |row| {
                let (kind, subject): (String, Uuid) = (row.get(0)?, row.get(1)?);
                let revoked = if kind == "customer" {
                    Revoked::Customer(CustomerId(subject))
                } else {
                    Revoked::Session(SessionId(subject))
                };
                let until = Timestamp::from_micros(row.get(2)?);
                Ok(Revocation { revoked, at: Timestamp::from_micros(row.get(3)?), until })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn record_revocation(&self, received: Received, revocation: Revocation) -> Result<(), StoreError> {
        self.write(move |transaction| {
            if inbox::sqlite::is_new(transaction, received, revocation.at)? {
                record(transaction, revocation)?;
            }
            Ok(())
        })
        .await
    }
}
