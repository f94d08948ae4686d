//! Accounts.

use contracts::{CustomerId, SessionId, Timestamp, events::CustomerDeleted};
use platform::{
    auth::{Revocation, Revoked, Role, sqlite::record},
    idempotency::{
        Idempotency, Known,
        sqlite::{keep, known},
    },
    outbox::sqlite::enqueue,
    store::{StoreError, sqlite::Transaction},
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{login_failures, sessions};
use crate::{
    domain::{Email, PasswordHash, Profile, ProfileChanges},
    store::{
        Credentials, NewAccount, NewSession, PasswordChange, SignUpOutcome, TokensEnd, UpdateOutcome,
        signup_scope,
    },
};

pub fn sign_up(
    tx: &Transaction<'_>,
    account: &NewAccount,
    session: NewSession,
    idempotency: Option<&Idempotency>,
) -> Result<SignUpOutcome, StoreError> {
    if let Some(idempotency) = idempotency {
        match known::<CustomerId>(tx, idempotency)? {
            Known::Answered(_) => return Ok(SignUpOutcome::Replayed),
            Known::Conflict => return Ok(SignUpOutcome::KeyReused),
            Known::New => {}
        }
    }
    if !insert(tx, account)? {
        return Ok(SignUpOutcome::EmailTaken);
    }
    sessions::start(tx, session)?;
    if let Some(idempotency) = idempotency {
        keep(tx, idempotency, &account.profile.id, session.now)?;
    }
    Ok(SignUpOutcome::Opened)
}

pub fn insert(tx: &Transaction<'_>, account: &NewAccount) -> Result<bool, StoreError> {
    let NewAccount { profile, password } = account;
    let inserted = tx
        .prepare_cached(
            "INSERT INTO customer (id, email, name, phone, role, password_hash, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (email) DO NOTHING",
        )?
        .execute(params![
            profile.id.0,
            profile.email.as_str(),
            profile.name,
            profile.phone,
            role_name(profile.role),
            password.as_str(),
            profile.created_at.as_micros()
        ])?;
    Ok(inserted == 1)
}

pub fn staff_exists(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM customer WHERE role = 'staff' LIMIT 1")?.exists([])?)
}

pub fn credentials(connection: &Connection, email: &Email) -> Result<Option<Credentials>, StoreError> {
    let credentials = |row: &Row<'_>| {
        Ok(Credentials {
            id: CustomerId(row.get(0)?),
            role: role(row, 1)?,
            password: PasswordHash::new(row.get(2)?),
        })
    };
    Ok(connection
        .prepare_cached("SELECT id, role, password_hash FROM customer WHERE email = ?1")?
        .query_row([email.as_str()], credentials)
        .optional()?)
}

pub fn profile(connection: &Connection, customer: CustomerId) -> Result<Option<Profile>, StoreError> {
    let profile = |row: &Row<'_>| {
        Ok(Profile {
            id: CustomerId(row.get(0)?),
            email: Email::stored(row.get(1)?),
            name: row.get(2)?,
            phone: row.get(3)?,
            role: role(row, 4)?,
            created_at: Timestamp::from_micros(row.get(5)?),
        })
    };
    Ok(connection
        .prepare_cached("SELECT id, email, name, phone, role, created_at FROM customer WHERE id = ?1")?
        .query_row([customer.0], profile)
        .optional()?)
}

pub fn update(
    tx: &Transaction<'_>,
    customer: CustomerId,
    changes: ProfileChanges,
) -> Result<UpdateOutcome, StoreError> {
    let Some(before) = profile(tx, customer)? else { return Ok(UpdateOutcome::Gone) };
    let email_before = before.email.clone();
    let after = changes.apply(before);
    let taken = tx
        .prepare_cached("SELECT 1 FROM customer WHERE email = ?1 AND id <> ?2")?
        .exists(params![after.email.as_str(), customer.0])?;
    if taken {
        return Ok(UpdateOutcome::EmailTaken);
    }
    tx.prepare_cached("UPDATE customer SET email = ?2, name = ?3, phone = ?4 WHERE id = ?1")?
        .execute(params![customer.0, after.email.as_str(), after.name, after.phone])?;
    if after.email != email_before {
        // The next to sign up with that address is somebody else.
        forget_keys(tx, &signup_scope(&email_before))?;
    }
    Ok(UpdateOutcome::Updated(after))
}

pub fn change_password(
    tx: &Transaction<'_>,
    change: &PasswordChange,
    ends: TokensEnd,
) -> Result<Option<Vec<SessionId>>, StoreError> {
    let changed = tx
        .prepare_cached("UPDATE customer SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2")?
        .execute(params![change.customer.0, change.proved.as_str(), change.chosen.as_str()])?;
    if changed == 0 {
        return Ok(None);
    }
    login_failures::forget(tx, &change.origin)?;
    let others = sessions::of(tx, change.customer, change.keep)?;
    for session in &others {
        sessions::end(tx, change.customer, *session, ends)?;
    }
    Ok(Some(others))
}

pub fn delete(tx: &Transaction<'_>, customer: CustomerId, ends: TokensEnd) -> Result<(), StoreError> {
    // Sessions, refresh tokens and addresses go with their customer: the schema says so.
    let email: Option<String> = tx
        .prepare_cached("DELETE FROM customer WHERE id = ?1 RETURNING email")?
        .query_row([customer.0], |row| row.get(0))
        .optional()?;
    let Some(email) = email.map(Email::stored) else { return Ok(()) };
    login_failures::forget_all(tx, &email)?;
    forget_keys(tx, &signup_scope(&email))?;
    forget_keys(tx, &customer.to_string())?;
    let TokensEnd { now, tokens_expire_at } = ends;
    record(tx, Revocation { revoked: Revoked::Customer(customer), at: now, until: tokens_expire_at })?;
    enqueue(tx, &CustomerDeleted { customer_id: customer, deleted_at: now, tokens_expire_at }, now)
}

/// A key that outlives what it answered with would answer with something that is gone.
fn forget_keys(tx: &Transaction<'_>, scope: &str) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM idempotency WHERE scope = ?1")?.execute([scope])?;
    Ok(())
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Customer => "customer",
        Role::Staff => "staff",
    }
}

/// The schema allows these two.
pub fn role(row: &Row<'_>, at: usize) -> rusqlite::Result<Role> {
    Ok(if row.get_ref(at)?.as_str()? == "staff" { Role::Staff } else { Role::Customer })
}
