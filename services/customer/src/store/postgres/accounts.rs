//! Accounts.

use contracts::{CustomerId, SessionId, events::CustomerDeleted};
use futures::{future::try_join_all, try_join};
use platform::{
    auth::{Revocation, Revoked, Role, postgres::record},
    idempotency::{
        Idempotency, IdempotencyStore as _, Known,
        postgres::{keep, known},
    },
    outbox::postgres::enqueue,
    store::{
        StoreError,
        postgres::{Database, Refused, Transaction, moment, timestamp},
    },
};
use tokio_postgres::{Row, error::SqlState};

use super::{login_failures, sessions};
use crate::{
    domain::{Email, PasswordHash, Profile, ProfileChanges},
    store::{
        Credentials, NewAccount, NewSession, PasswordChange, SignUpOutcome, TokensEnd, UpdateOutcome,
        signup_scope,
    },
};

pub async fn sign_up(
    database: &Database,
    account: &NewAccount,
    session: NewSession,
    idempotency: Option<&Idempotency>,
) -> Result<SignUpOutcome, StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    if let Some(idempotency) = idempotency {
        match known::<CustomerId>(&tx, idempotency).await? {
            Known::Answered(_) => return Ok(SignUpOutcome::Replayed),
            Known::Conflict => return Ok(SignUpOutcome::KeyReused),
            Known::New => {}
        }
    }
    if !insert(&tx, account).await? {
        return Ok(SignUpOutcome::EmailTaken);
    }
    let keep_id = async {
        match idempotency {
            None => Ok(()),
            Some(idempotency) => keep(&tx, idempotency, &account.profile.id, session.now).await,
        }
    };
    try_join!(sessions::start(&tx, session, &account.password), keep_id)?;
    tx.commit().await?;
    Ok(SignUpOutcome::Opened)
}

pub async fn signed_up(
    database: &Database,
    idempotency: &Idempotency,
) -> Result<Known<CustomerId>, StoreError> {
    Ok(match database.known_answer(idempotency).await? {
        Known::New => Known::New,
        Known::Conflict => Known::Conflict,
        Known::Answered(answer) => {
            // It was kept as JSON, which puts an id in quotation marks.
            let id = answer.trim_matches('"').parse();
            Known::Answered(
                id.map_err(|_| StoreError::corrupt("a sign-up was answered with something else"))?,
            )
        }
    })
}

pub async fn add(database: &Database, account: &NewAccount) -> Result<bool, StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    let added = insert(&tx, account).await?;
    tx.commit().await?;
    Ok(added)
}

async fn insert(tx: &Transaction<'_>, account: &NewAccount) -> Result<bool, StoreError> {
    let NewAccount { profile, password } = account;
    let inserted = tx
        .execute(
            "INSERT INTO customer (id, email, name, phone, role, password_hash, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (email) DO NOTHING",
            &[
                &profile.id.0,
                &profile.email.as_str(),
                &profile.name,
                &profile.phone,
                &role_name(profile.role),
                &password.as_str(),
                &moment(profile.created_at),
            ],
        )
        .await?;
    Ok(inserted == 1)
}

pub const STAFF: &str = "SELECT 1 FROM customer WHERE role = 'staff' LIMIT 1";

pub async fn staff_exists(database: &Database) -> Result<bool, StoreError> {
    Ok(!database.query(STAFF, &[]).await?.is_empty())
}

pub const CREDENTIALS: &str = "SELECT id, role, password_hash FROM customer WHERE email = $1";

pub async fn credentials(database: &Database, email: &Email) -> Result<Option<Credentials>, StoreError> {
    let rows = database.query(CREDENTIALS, &[&email.as_str()]).await?;
    let credentials = |row: &Row| {
        Ok(Credentials {
            id: CustomerId(row.try_get("id")?),
            role: role(row, "role")?,
            password: PasswordHash::new(row.try_get("password_hash")?),
        })
    };
    rows.first().map(credentials).transpose()
}

pub const PROFILE: &str = "SELECT id, email, name, phone, role, created_at FROM customer WHERE id = $1";

fn read(row: &Row) -> Result<Profile, StoreError> {
    Ok(Profile {
        id: CustomerId(row.try_get("id")?),
        email: Email::stored(row.try_get("email")?),
        name: row.try_get("name")?,
        phone: row.try_get("phone")?,
        role: role(row, "role")?,
        created_at: timestamp(row, "created_at")?,
    })
}

pub async fn profile(database: &Database, customer: CustomerId) -> Result<Option<Profile>, StoreError> {
    database.query(PROFILE, &[&customer.0]).await?.first().map(read).transpose()
}

pub async fn update(
    database: &Database,
    customer: CustomerId,
    changes: ProfileChanges,
) -> Result<UpdateOutcome, StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    if changes.email.is_some() {
        // Two customers who take each other's email would each wait for the other.
        tx.query("SELECT pg_advisory_xact_lock(hashtext('customer.email'))", &[]).await?;
    }
    let Some(row) = tx.query_opt(&format!("{PROFILE} FOR UPDATE"), &[&customer.0]).await? else {
        return Ok(UpdateOutcome::Gone);
    };
    let before = read(&row)?;
    let email_before = before.email.clone();
    let after = changes.apply(before);
    let updated = tx
        .execute(
            "UPDATE customer SET email = $2, name = $3, phone = $4 WHERE id = $1",
            &[&customer.0, &after.email.as_str(), &after.name, &after.phone],
        )
        .await;
    match updated {
        Err(StoreError::Failed(error)) if is_unique_violation(&*error) => {
            return Ok(UpdateOutcome::EmailTaken);
        }
        updated => updated?,
    };
    if after.email != email_before {
        // The next to sign up with that address is somebody else.
        forget_keys(&tx, &signup_scope(&email_before)).await?;
    }
    tx.commit().await?;
    Ok(UpdateOutcome::Updated(after))
}

fn is_unique_violation(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let refused = error.downcast_ref::<Refused>();
    refused.and_then(Refused::code) == Some(&SqlState::UNIQUE_VIOLATION)
}

pub async fn change_password(
    database: &Database,
    change: &PasswordChange,
    ends: TokensEnd,
) -> Result<Option<Vec<SessionId>>, StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    let changed = tx
        .execute(
            "UPDATE customer SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
            &[&change.customer.0, &change.proved.as_str(), &change.chosen.as_str()],
        )
        .await?;
    if changed == 0 {
        return Ok(None);
    }
    let (others, ()) = try_join!(
        sessions::remove_others(&tx, change.customer, change.keep),
        login_failures::forget(&tx, &change.origin),
    )?;
    let tell = |session: &SessionId| sessions::tell_of_end(&tx, change.customer, *session, ends);
    try_join_all(others.iter().map(tell)).await?;
    tx.commit().await?;
    Ok(Some(others))
}

pub async fn delete(database: &Database, customer: CustomerId, ends: TokensEnd) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    // Sessions, refresh tokens and addresses go with their customer: the schema says so.
    let deleted = tx.query_opt("DELETE FROM customer WHERE id = $1 RETURNING email", &[&customer.0]).await?;
    let Some(row) = deleted else { return Ok(()) };
    let email = Email::stored(row.try_get("email")?);
    let TokensEnd { now, tokens_expire_at } = ends;
    let revocation = Revocation { revoked: Revoked::Customer(customer), at: now, until: tokens_expire_at };
    let deleted = CustomerDeleted { customer_id: customer, deleted_at: now, tokens_expire_at };
    let (of_email, of_customer) = (signup_scope(&email), customer.to_string());
    enqueue(&tx, &deleted, now);
    try_join!(
        login_failures::forget_all(&tx, &email),
        forget_keys(&tx, &of_email),
        forget_keys(&tx, &of_customer),
        record(&tx, revocation),
    )?;
    tx.commit().await
}

/// A key that outlives what it answered with would answer with something that is gone.
async fn forget_keys(tx: &Transaction<'_>, scope: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM idempotency WHERE scope = $1", &[&scope]).await?;
    Ok(())
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Customer => "customer",
        Role::Staff => "staff",
    }
}

/// The schema allows these two.
pub fn role(row: &Row, column: &str) -> Result<Role, StoreError> {
    let name: &str = row.try_get(column)?;
    Ok(if name == "staff" { Role::Staff } else { Role::Customer })
}
