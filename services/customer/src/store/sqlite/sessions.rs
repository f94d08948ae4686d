//! Sessions and their refresh tokens.

use contracts::{CustomerId, SessionId, Timestamp, events::SessionRevoked};
use platform::{
    auth::{Revocation, Revoked, Role, sqlite::record},
    outbox::sqlite::enqueue,
    store::{StoreError, sqlite::Transaction},
};
use rusqlite::{OptionalExtension as _, Row, params};

use super::{accounts::role, login_failures};
use crate::{
    domain::{Origin, PasswordHash, TokenHash},
    store::{NewSession, RefreshOutcome, Successor, TokensEnd},
};

/// Expired rows that one command takes away: more than it adds, and few enough not to be felt.
const PRUNED_AT_ONCE: u32 = 10;

pub fn start_proved(
    tx: &Transaction<'_>,
    session: NewSession,
    proved: &PasswordHash,
    origin: &Origin,
) -> Result<bool, StoreError> {
    let still_so = tx
        .prepare_cached("SELECT 1 FROM customer WHERE id = ?1 AND password_hash = ?2")?
        .exists(params![session.customer.0, proved.as_str()])?;
    if still_so {
        login_failures::forget(tx, origin)?;
        prune(tx, session.now)?;
        start(tx, session)?;
    }
    Ok(still_so)
}

pub fn start(tx: &Transaction<'_>, session: NewSession) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO session (id, customer_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        session.id.0,
        session.customer.0,
        session.now.as_micros(),
        session.expires_at.as_micros()
    ])?;
    let first = Successor { token: session.token, expires_at: session.expires_at };
    insert_token(tx, session.id, first)
}

pub fn refresh(
    tx: &Transaction<'_>,
    presented: TokenHash,
    successor: Successor,
    ends: TokensEnd,
) -> Result<RefreshOutcome, StoreError> {
    let token = |row: &Row<'_>| {
        Ok(Token {
            session: SessionId(row.get(0)?),
            customer: CustomerId(row.get(1)?),
            role: role(row, 2)?,
            rotated: row.get(3)?,
        })
    };
    let token = tx
        .prepare_cached(
            "SELECT session.id, customer.id, customer.role, rotated_at IS NOT NULL
             FROM refresh_token
             JOIN session ON session.id = session_id
             JOIN customer ON customer.id = customer_id
             WHERE hash = ?1 AND refresh_token.expires_at > ?2",
        )?
        .query_row(params![presented.0, ends.now.as_micros()], token)
        .optional()?;
    let Some(token) = token else { return Ok(RefreshOutcome::Unknown) };
    if token.rotated {
        end(tx, token.customer, token.session, ends)?;
        return Ok(RefreshOutcome::Reused(token.session));
    }
    rotate(tx, token.session, presented, successor, ends.now)?;
    Ok(RefreshOutcome::Rotated { customer: token.customer, role: token.role, session: token.session })
}

struct Token {
    session: SessionId,
    customer: CustomerId,
    role: Role,
    rotated: bool,
}

fn rotate(
    tx: &Transaction<'_>,
    session: SessionId,
    presented: TokenHash,
    successor: Successor,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE refresh_token SET rotated_at = ?2 WHERE hash = ?1")?
        .execute(params![presented.0, now.as_micros()])?;
    insert_token(tx, session, successor)?;
    tx.prepare_cached("UPDATE session SET expires_at = ?2 WHERE id = ?1")?
        .execute(params![session.0, successor.expires_at.as_micros()])?;
    prune(tx, now)
}

fn insert_token(tx: &Transaction<'_>, session: SessionId, token: Successor) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO refresh_token (hash, session_id, expires_at) VALUES (?1, ?2, ?3)")?
        .execute(params![token.token.0, session.0, token.expires_at.as_micros()])?;
    Ok(())
}

pub fn end(
    tx: &Transaction<'_>,
    customer: CustomerId,
    session: SessionId,
    ends: TokensEnd,
) -> Result<(), StoreError> {
    let ended = tx
        .prepare_cached("DELETE FROM session WHERE id = ?1 AND customer_id = ?2")?
        .execute(params![session.0, customer.0])?;
    if ended == 0 {
        return Ok(());
    }
    let TokensEnd { now, tokens_expire_at } = ends;
    record(tx, Revocation { revoked: Revoked::Session(session), at: now, until: tokens_expire_at })?;
    enqueue(tx, &SessionRevoked { session_id: session, customer_id: customer, tokens_expire_at }, now)
}

/// The sessions of a customer but `keep`.
pub fn of(tx: &Transaction<'_>, customer: CustomerId, keep: SessionId) -> Result<Vec<SessionId>, StoreError> {
    let mut rows = tx.prepare_cached("SELECT id FROM session WHERE customer_id = ?1 AND id <> ?2")?;
    let sessions = rows.query_map(params![customer.0, keep.0], |row| row.get(0).map(SessionId))?;
    Ok(sessions.collect::<Result<_, _>>()?)
}

fn prune(tx: &Transaction<'_>, now: Timestamp) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM session WHERE rowid IN
            (SELECT rowid FROM session WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        "DELETE FROM refresh_token WHERE rowid IN
            (SELECT rowid FROM refresh_token WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
    ] {
        tx.prepare_cached(statement)?.execute(params![now.as_micros(), PRUNED_AT_ONCE])?;
    }
    Ok(())
}
