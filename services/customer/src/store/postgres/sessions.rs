//! Sessions and their refresh tokens.
//!
//! Of statements that travel together, the one that locks a customer or a session comes first.

use contracts::{CustomerId, SessionId, Timestamp, events::SessionRevoked};
use futures::try_join;
use platform::{
    auth::{Revocation, Revoked, postgres::record},
    outbox::postgres::enqueue,
    store::{
        StoreError,
        postgres::{Database, Transaction, moment},
    },
};

use super::{accounts::role, login_failures};
use crate::{
    domain::{Origin, PasswordHash, TokenHash},
    store::{NewSession, RefreshOutcome, Successor, TokensEnd},
};

/// Expired rows that one command takes away: more than it adds, and few enough not to be felt.
const PRUNED_AT_ONCE: i64 = 10;

pub async fn start_proved(
    database: &Database,
    session: NewSession,
    proved: &PasswordHash,
    origin: &Origin,
) -> Result<bool, StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    let (started, (), ()) = try_join!(
        start(&tx, session, proved),
        login_failures::forget(&tx, origin),
        prune(&tx, session.now),
    )?;
    if started {
        tx.commit().await?;
    }
    Ok(started)
}

pub const START: &str =
    "WITH proved AS (SELECT id FROM customer WHERE id = $1 AND password_hash = $2 FOR SHARE),
     begun AS (
        INSERT INTO session (id, customer_id, created_at, expires_at)
        SELECT $3, id, $4, $5 FROM proved RETURNING id, expires_at)
     INSERT INTO refresh_token (hash, session_id, expires_at) SELECT $6, id, expires_at FROM begun";

/// Begins `session`, if the password of its customer is `proved`. A password that is being changed is waited for.
///
/// # Returns
/// Whether it was begun. If not, nothing was changed.
pub async fn start(
    tx: &Transaction<'_>,
    session: NewSession,
    proved: &PasswordHash,
) -> Result<bool, StoreError> {
    let tokens = tx
        .execute(
            START,
            &[
                &session.customer.0,
                &proved.as_str(),
                &session.id.0,
                &moment(session.now),
                &moment(session.expires_at),
                &&session.token.0[..],
            ],
        )
        .await?;
    Ok(tokens == 1)
}

/// Exchanges a token that is live; of one that is not, says whose it is. Of two that come at once with the same token, the
/// second waits for the first and then finds it exchanged.
pub const ROTATE: &str = "WITH token AS MATERIALIZED (
        SELECT hash, session_id, customer_id, role, rotated_at
        FROM refresh_token
        JOIN session ON session.id = session_id
        JOIN customer ON customer.id = customer_id
        WHERE hash = $1 AND refresh_token.expires_at > $2
        FOR UPDATE OF session, refresh_token),
     rotated AS (
        UPDATE refresh_token SET rotated_at = $2 FROM token
        WHERE refresh_token.hash = token.hash AND token.rotated_at IS NULL
        RETURNING refresh_token.session_id),
     succeeded AS (
        INSERT INTO refresh_token (hash, session_id, expires_at) SELECT $3, session_id, $4 FROM rotated),
     prolonged AS (
        UPDATE session SET expires_at = $4 FROM rotated WHERE session.id = rotated.session_id)
     SELECT session_id, customer_id, role, rotated_at IS NOT NULL AS is_reused FROM token";

pub async fn refresh(
    database: &Database,
    presented: TokenHash,
    successor: Successor,
    ends: TokensEnd,
) -> Result<RefreshOutcome, StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    let found = {
        let (now, expires_at) = (moment(ends.now), moment(successor.expires_at));
        let (presented, next) = (&presented.0[..], &successor.token.0[..]);
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] = [&presented, &now, &next, &expires_at];
        let (found, ()) = try_join!(tx.query_opt(ROTATE, &values), prune(&tx, ends.now))?;
        found
    };
    let Some(row) = found else { return Ok(RefreshOutcome::Unknown) };
    let session = SessionId(row.try_get("session_id")?);
    let customer = CustomerId(row.try_get("customer_id")?);
    let outcome = if row.try_get("is_reused")? {
        try_join!(remove(&tx, customer, session), tell_of_end(&tx, customer, session, ends))?;
        RefreshOutcome::Reused(session)
    } else {
        RefreshOutcome::Rotated { customer, role: role(&row, "role")?, session }
    };
    tx.commit().await?;
    Ok(outcome)
}

pub async fn end(
    database: &Database,
    customer: CustomerId,
    session: SessionId,
    ends: TokensEnd,
) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    let (ended, ()) = try_join!(remove(&tx, customer, session), tell_of_end(&tx, customer, session, ends))?;
    // One that had ended has been told of.
    if ended { tx.commit().await } else { Ok(()) }
}

const REMOVE: &str = "DELETE FROM session WHERE id = $1 AND customer_id = $2";

/// Whether there was such a session. Its tokens go with it.
async fn remove(tx: &Transaction<'_>, customer: CustomerId, session: SessionId) -> Result<bool, StoreError> {
    let removed = tx.execute(REMOVE, &[&session.0, &customer.0]).await?;
    Ok(removed == 1)
}

pub const REMOVE_OTHERS: &str = "DELETE FROM session WHERE customer_id = $1 AND id <> $2 RETURNING id";

/// Removes the sessions of a customer but `keep`, and says which they were.
pub async fn remove_others(
    tx: &Transaction<'_>,
    customer: CustomerId,
    keep: SessionId,
) -> Result<Vec<SessionId>, StoreError> {
    let rows = tx.query(REMOVE_OTHERS, &[&customer.0, &keep.0]).await?;
    rows.iter().map(|row| Ok(SessionId(row.try_get(0)?))).collect()
}

/// Revokes the access tokens of a session that has been removed, and publishes that it ended.
pub async fn tell_of_end(
    tx: &Transaction<'_>,
    customer: CustomerId,
    session: SessionId,
    ends: TokensEnd,
) -> Result<(), StoreError> {
    let TokensEnd { now, tokens_expire_at } = ends;
    let revoked = SessionRevoked { session_id: session, customer_id: customer, tokens_expire_at };
    enqueue(tx, &revoked, now);
    record(tx, Revocation { revoked: Revoked::Session(session), at: now, until: tokens_expire_at }).await
}

/// Takes away some of what has expired, but nothing that another transaction is at.
async fn prune(tx: &Transaction<'_>, now: Timestamp) -> Result<(), StoreError> {
    let prune = async |sql: &str| tx.execute(sql, &[&moment(now), &PRUNED_AT_ONCE]).await;
    try_join!(
        prune(
            "DELETE FROM session WHERE id IN
                (SELECT id FROM session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
                 FOR UPDATE SKIP LOCKED)"
        ),
        prune(
            "DELETE FROM refresh_token WHERE hash IN
                (SELECT hash FROM refresh_token WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
                 FOR UPDATE SKIP LOCKED)"
        ),
    )?;
    Ok(())
}
