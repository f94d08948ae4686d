//! Revocations in PostgreSQL.

use async_trait::async_trait;
use contracts::{CustomerId, SessionId, Timestamp};
use uuid::Uuid;

use super::{Revocation, RevocationStore, Revoked};
use crate::{
    inbox::{self, Received},
    store::{
        StoreError,
        postgres::{Database, Transaction, moment, timestamp},
    },
};

/// Records a revocation as part of `transaction`.
///
/// # Errors
/// [`StoreError`]: then the transaction must not commit.
pub async fn record(transaction: &Transaction<'_>, revocation: Revocation) -> Result<(), StoreError> {
    let (kind, subject) = match revocation.revoked {
        Revoked::Customer(customer) => ("customer", customer.0),
        Revoked::Session(session) => ("session", session.0),
    };
    // Those whose tokens have all expired are forgotten here, so that the table stays as small as it is now. Others that do
    // the same are not waited for: two transactions that record several revocations would wait for each other.
    transaction
        .execute(
            "DELETE FROM revocation WHERE subject IN
                (SELECT subject FROM revocation WHERE until < $1 FOR UPDATE SKIP LOCKED)",
            &[&moment(revocation.at)],
        )
        .await?;
    transaction
        .execute(
            "INSERT INTO revocation AS r (subject, kind, until, revoked_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (subject) DO UPDATE SET
                until = greatest(r.until, excluded.until), revoked_at = excluded.revoked_at",
            &[&subject, &kind, &moment(revocation.until), &moment(revocation.at)],
        )
        .await?;
    Ok(())
}

#[async_trait]
impl RevocationStore for Database {
    async fn revoked_since(&self, after: Timestamp) -> Result<Vec<Revocation>, StoreError> {
        let rows = self
            .query(
                "SELECT kind, subject, until, revoked_at FROM revocation WHERE revoked_at > $1",
                &[&moment(after)],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let (kind, subject): (&str, Uuid) = (row.try_get("kind")?, row.try_get("subject")?);
                let revoked = if kind == "customer" {
                    Revoked::Customer(CustomerId(subject))
                } else {
                    Revoked::Session(SessionId(subject))
                };
                Ok(Revocation { revoked, at: timestamp(row, "revoked_at")?, until: timestamp(row, "until")? })
            })
            .collect()
    }

    async fn record_revocation(&self, received: Received, revocation: Revocation) -> Result<(), StoreError> {
        let mut connection = self.connection().await?;
        let transaction = connection.begin();
        if inbox::postgres::is_new(&transaction, received, revocation.at).await? {
            record(&transaction, revocation).await?;
        }
        transaction.commit().await
    }
}
