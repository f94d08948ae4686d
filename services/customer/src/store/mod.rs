//! Where accounts, sessions and addresses are kept: one method for each use case, and each is one transaction.

mod postgres;
mod sqlite;

#[cfg(test)]
mod conformance;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::{AddressId, CustomerId, SessionId, Timestamp};
use platform::{
    auth::Role,
    idempotency::{Idempotency, Known, Once},
    store::StoreError,
};

use crate::{
    domain::{
        Address, AddressDetails, Email, Failures, Origin, PasswordHash, Profile, ProfileChanges, TokenHash,
    },
    settings::LONGEST_ACCESS,
};

/// How far the clocks of two instances may be apart, with the time that a command takes.
const CLOCKS_APART: Duration = Duration::from_mins(1);

/// What the store is asked to do.
///
/// "Publishes" means: puts into the outbox, in the same transaction. "Revokes" means: records for the other instances of
/// this service that access tokens are no longer good; this instance learns it from its caller.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Opens an account and its first session. `idempotency` is answered with the account's id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn sign_up(
        &self,
        account: NewAccount,
        session: NewSession,
        idempotency: Option<Idempotency>,
    ) -> Result<SignUpOutcome, StoreError>;

    /// What is known of the key of a sign-up.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn signed_up(&self, idempotency: &Idempotency) -> Result<Known<CustomerId>, StoreError>;

    /// Opens an account that nobody signs in to yet.
    ///
    /// # Returns
    /// Whether it did: the email may be taken.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn add_account(&self, account: NewAccount) -> Result<bool, StoreError>;

    /// Whether there is an account with the role of staff.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn staff_exists(&self) -> Result<bool, StoreError>;

    /// What it takes to sign in with `email`, if there is such an account.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn credentials(&self, email: &Email) -> Result<Option<Credentials>, StoreError>;

    /// The failures of `origin` and of its network that happened after `since`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn login_failures(&self, origin: &Origin, since: Timestamp) -> Result<Failures, StoreError>;

    /// Counts a failure at `now`, and forgets some of those that happened before `forget`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn record_login_failure(
        &self,
        origin: Origin,
        now: Timestamp,
        forget: Timestamp,
    ) -> Result<(), StoreError>;

    /// Begins `session` for an account whose password still is `proved`, and forgets the failures of `origin` and some
    /// sessions that have expired.
    ///
    /// # Returns
    /// Whether it did: the account may have gone, or its password may have been changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn start_session(
        &self,
        session: NewSession,
        proved: PasswordHash,
        origin: Origin,
    ) -> Result<bool, StoreError>;

    /// Exchanges the refresh token `presented` for `successor`. One that was exchanged before ends its session: revokes
    /// it and publishes `SessionRevoked`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn refresh(
        &self,
        presented: TokenHash,
        successor: Successor,
        ends: TokensEnd,
    ) -> Result<RefreshOutcome, StoreError>;

    /// Ends a session of a customer: revokes it and publishes `SessionRevoked`. One that is not there stays so.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn end_session(
        &self,
        customer: CustomerId,
        session: SessionId,
        ends: TokensEnd,
    ) -> Result<(), StoreError>;

    /// What the account of `customer` says.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn profile(&self, customer: CustomerId) -> Result<Option<Profile>, StoreError>;

    /// Changes what the account of `customer` says.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn update_profile(
        &self,
        customer: CustomerId,
        changes: ProfileChanges,
    ) -> Result<UpdateOutcome, StoreError>;

    /// Changes the password of an account, ends all its sessions but one as [`Store::end_session`] does, and forgets the
    /// failures of the origin.
    ///
    /// # Returns
    /// The sessions that ended, or nothing if the account is gone or its password is no longer the one that was proved.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn change_password(
        &self,
        change: PasswordChange,
        ends: TokensEnd,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;

    /// Removes an account and all that belongs to it, its idempotency keys included: revokes its tokens and publishes
    /// `CustomerDeleted`. One that is not there stays so.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn delete_account(&self, customer: CustomerId, ends: TokensEnd) -> Result<(), StoreError>;

    /// Adds `address`, unless the customer has [`crate::domain::MOST_ADDRESSES`]. `idempotency` is answered with its id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn add_address(
        &self,
        customer: CustomerId,
        address: Address,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<AddAddressOutcome, StoreError>;

    /// Replaces what an address of the customer says.
    ///
    /// # Returns
    /// Whether there was such an address.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn replace_address(&self, customer: CustomerId, address: Address) -> Result<bool, StoreError>;

    /// Removes an address of the customer.
    ///
    /// # Returns
    /// Whether there was such an address.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_address(&self, customer: CustomerId, address: AddressId) -> Result<bool, StoreError>;

    /// An address, if the customer has one by that id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn address(
        &self,
        customer: CustomerId,
        address: AddressId,
    ) -> Result<Option<AddressDetails>, StoreError>;

    /// The first `limit` addresses of the customer behind `after`, in the order in which they were added.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn addresses(
        &self,
        customer: CustomerId,
        after: Option<AddressId>,
        limit: u32,
    ) -> Result<Vec<Address>, StoreError>;
}

/// An account to be opened.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// What it says.
    pub profile: Profile,
    /// What it is opened with.
    pub password: PasswordHash,
}

/// A session to be begun.
#[derive(Clone, Copy, Debug)]
pub struct NewSession {
    /// Which one.
    pub id: SessionId,
    /// Whose.
    pub customer: CustomerId,
    /// Its first refresh token.
    pub token: TokenHash,
    /// When it begins.
    pub now: Timestamp,
    /// When its refresh token expires.
    pub expires_at: Timestamp,
}

/// The refresh token that takes another's place.
#[derive(Clone, Copy, Debug)]
pub struct Successor {
    /// The token.
    pub token: TokenHash,
    /// When it expires, and its session with it.
    pub expires_at: Timestamp,
}

/// When something ends, and when the last access token that it concerns has expired.
#[derive(Clone, Copy, Debug)]
pub struct TokensEnd {
    /// Now.
    pub now: Timestamp,
    /// Then.
    pub tokens_expire_at: Timestamp,
}

impl TokensEnd {
    /// Ending at `now`. The tokens are taken to be as long-lived as any may be: they may be of a time when the setting was
    /// another, or of an instance whose clock is ahead.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now, tokens_expire_at: now + LONGEST_ACCESS + CLOCKS_APART }
    }
}

/// A password to be changed.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// Whose.
    pub origin: Origin,
    /// Whose.
    pub customer: CustomerId,
    /// The one that the caller has proved to know.
    pub proved: PasswordHash,
    /// The one to come.
    pub chosen: PasswordHash,
    /// The session that goes on: the caller's.
    pub keep: SessionId,
}

/// What it takes to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// To which account.
    pub id: CustomerId,
    /// What its owner may do.
    pub role: Role,
    /// What the password has to match.
    pub password: PasswordHash,
}

/// What became of [`Store::sign_up`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUpOutcome {
    /// There is an account now, and its session.
    Opened,
    /// The key was used for this before. Nothing was changed.
    Replayed,
    /// The key was used for something else. Nothing was changed.
    KeyReused,
    /// Somebody has that email. Nothing was changed.
    EmailTaken,
}

/// What became of [`Store::refresh`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// The successor is good now.
    Rotated {
        /// Whose session it is.
        customer: CustomerId,
        /// What they may do by now.
        role: Role,
        /// The session.
        session: SessionId,
    },
    /// The token had been exchanged before: its session is over.
    Reused(SessionId),
    /// There is no such token, or it has expired. Nothing was changed.
    Unknown,
}

/// What became of [`Store::update_profile`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// It says this now.
    Updated(Profile),
    /// Somebody else has that email. Nothing was changed.
    EmailTaken,
    /// There is no such account.
    Gone,
}

/// What became of [`Store::add_address`].
#[derive(Debug, PartialEq, Eq)]
pub enum AddAddressOutcome {
    /// What [`Once`] says.
    Added(Once<AddressId>),
    /// There are as many as there may be. Nothing was changed.
    TooMany,
    /// There is no such account.
    Gone,
}

/// Whose idempotency keys those of the sign-up with `email` are: there is no customer yet.
#[must_use]
pub fn signup_scope(email: &Email) -> String {
    format!("signup {email}")
}

/// The adapter for `store`.
#[must_use]
pub fn open(store: &platform::store::Store) -> Arc<dyn Store> {
    match store {
        platform::store::Store::Sqlite(database) => Arc::new(sqlite::Sqlite::new(database.clone())),
        platform::store::Store::Postgres(database) => Arc::new(postgres::Postgres::new(database.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revocation_outlasts_every_token_that_there_may_be() {
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        // One of an instance whose setting is the highest, and whose clock is half a minute ahead.
        let last = now + Duration::from_secs(30) + LONGEST_ACCESS;
        assert!(TokensEnd::at(now).tokens_expire_at > last);
    }
}
