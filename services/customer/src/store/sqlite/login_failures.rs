//! Failed logins, as far as they count.

use contracts::Timestamp;
use platform::store::{StoreError, sqlite::Transaction};
use rusqlite::{Connection, OptionalExtension as _, ToSql, params};

use crate::domain::{Email, Failures, MOST_BY_NETWORK, MOST_BY_ORIGIN, Origin};

/// More than one command adds, and few enough not to be felt.
const PRUNED_AT_ONCE: u32 = 20;

pub fn of(connection: &Connection, origin: &Origin, since: Timestamp) -> Result<Failures, StoreError> {
    let (email, network, since) = (origin.email.as_str(), origin.network.as_str(), since.as_micros());
    Ok(Failures {
        of_origin: moment(
            connection,
            "SELECT failed_at FROM login_failure WHERE email = ?1 AND network = ?2 AND failed_at > ?3
             ORDER BY failed_at DESC LIMIT 1 OFFSET ?4",
            params![email, network, since, MOST_BY_ORIGIN - 1],
        )?,
        of_network: moment(
            connection,
            "SELECT failed_at FROM login_failure WHERE network = ?1 AND failed_at > ?2
             ORDER BY failed_at DESC LIMIT 1 OFFSET ?3",
            params![network, since, MOST_BY_NETWORK - 1],
        )?,
    })
}

fn moment(
    connection: &Connection,
    sql: &str,
    params: &[&dyn ToSql],
) -> Result<Option<Timestamp>, StoreError> {
    let moment = connection.prepare_cached(sql)?.query_row(params, |row| row.get(0)).optional()?;
    Ok(moment.map(Timestamp::from_micros))
}

pub fn record(
    tx: &Transaction<'_>,
    origin: &Origin,
    now: Timestamp,
    forget: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM login_failure WHERE id IN
            (SELECT id FROM login_failure WHERE failed_at < ?1 ORDER BY failed_at LIMIT ?2)",
    )?
    .execute(params![forget.as_micros(), PRUNED_AT_ONCE])?;
    tx.prepare_cached("INSERT INTO login_failure (email, network, failed_at) VALUES (?1, ?2, ?3)")?
        .execute(params![origin.email.as_str(), origin.network.as_str(), now.as_micros()])?;
    Ok(())
}

pub fn forget(tx: &Transaction<'_>, origin: &Origin) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM login_failure WHERE email = ?1 AND network = ?2")?
        .execute([origin.email.as_str(), origin.network.as_str()])?;
    Ok(())
}

pub fn forget_all(tx: &Transaction<'_>, email: &Email) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM login_failure WHERE email = ?1")?.execute([email.as_str()])?;
    Ok(())
}
