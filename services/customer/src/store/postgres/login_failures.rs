//! Failed logins, as far as they count.

use contracts::Timestamp;
use platform::store::{
    StoreError,
    postgres::{Database, Transaction, moment, timestamp},
};
use tokio_postgres::Row;

use crate::domain::{Email, Failures, MOST_BY_NETWORK, MOST_BY_ORIGIN, Origin};

/// More than one command adds, and few enough not to be felt.
const PRUNED_AT_ONCE: i64 = 20;

pub const FAILURES: &str = "SELECT
        (SELECT failed_at FROM login_failure WHERE email = $1 AND network = $2 AND failed_at > $3
         ORDER BY failed_at DESC LIMIT 1 OFFSET $4) AS of_origin,
        (SELECT failed_at FROM login_failure WHERE network = $2 AND failed_at > $3
         ORDER BY failed_at DESC LIMIT 1 OFFSET $5) AS of_network";

pub async fn of(database: &Database, origin: &Origin, since: Timestamp) -> Result<Failures, StoreError> {
    let rows = database
        .query(
            FAILURES,
            &[
                &origin.email.as_str(),
                &origin.network.as_str(),
                &moment(since),
                &i64::from(MOST_BY_ORIGIN - 1),
                &i64::from(MOST_BY_NETWORK - 1),
            ],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(Failures::default()) };
    Ok(Failures {
        of_origin: optional_timestamp(row, "of_origin")?,
        of_network: optional_timestamp(row, "of_network")?,
    })
}

fn optional_timestamp(row: &Row, column: &str) -> Result<Option<Timestamp>, StoreError> {
    match row.try_get::<_, Option<std::time::SystemTime>>(column)? {
        None => Ok(None),
        Some(_) => timestamp(row, column).map(Some),
    }
}

pub async fn record(
    database: &Database,
    origin: &Origin,
    now: Timestamp,
    forget: Timestamp,
) -> Result<(), StoreError> {
    database
        .execute(
            "WITH forgotten AS (
                DELETE FROM login_failure WHERE id IN
                    (SELECT id FROM login_failure WHERE failed_at < $4 ORDER BY failed_at LIMIT $5
                     FOR UPDATE SKIP LOCKED))
             INSERT INTO login_failure (email, network, failed_at) VALUES ($1, $2, $3)",
            &[
                &origin.email.as_str(),
                &origin.network.as_str(),
                &moment(now),
                &moment(forget),
                &PRUNED_AT_ONCE,
            ],
        )
        .await?;
    Ok(())
}

pub const FORGET: &str = "DELETE FROM login_failure WHERE id IN
    (SELECT id FROM login_failure WHERE email = $1 AND network = $2 ORDER BY id FOR UPDATE)";

/// In the order of their ids, so that two who forget the same do not wait for each other.
pub async fn forget(tx: &Transaction<'_>, origin: &Origin) -> Result<(), StoreError> {
    tx.execute(FORGET, &[&origin.email.as_str(), &origin.network.as_str()]).await?;
    Ok(())
}

pub const FORGET_ALL: &str = "DELETE FROM login_failure WHERE id IN
    (SELECT id FROM login_failure WHERE email = $1 ORDER BY id FOR UPDATE)";

/// As [`forget`], wherever they came from.
pub async fn forget_all(tx: &Transaction<'_>, email: &Email) -> Result<(), StoreError> {
    tx.execute(FORGET_ALL, &[&email.as_str()]).await?;
    Ok(())
}
