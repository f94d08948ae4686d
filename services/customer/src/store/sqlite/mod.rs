//! The store in SQLite. This file is the port's list; each group of use cases has its own.

mod accounts;
mod addresses;
mod login_failures;
mod sessions;

use async_trait::async_trait;
use contracts::{AddressId, CustomerId, SessionId, Timestamp};
use platform::{
    idempotency::{self, Idempotency, Known},
    store::{StoreError, sqlite::Database},
};

use super::{
    AddAddressOutcome, Credentials, NewAccount, NewSession, PasswordChange, RefreshOutcome, SignUpOutcome,
    Store, Successor, TokensEnd, UpdateOutcome,
};
use crate::domain::{
    Address, AddressDetails, Email, Failures, Origin, PasswordHash, Profile, ProfileChanges, TokenHash,
};

/// The store of one service in one file.
pub struct Sqlite {
    database: Database,
}

impl Sqlite {
    /// The store in `database`.
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn sign_up(
        &self,
        account: NewAccount,
        session: NewSession,
        idempotency: Option<Idempotency>,
    ) -> Result<SignUpOutcome, StoreError> {
        self.database.write(move |tx| accounts::sign_up(tx, &account, session, idempotency.as_ref())).await
    }

    async fn signed_up(&self, idempotency: &Idempotency) -> Result<Known<CustomerId>, StoreError> {
        let idempotency = idempotency.clone();
        self.database.read(move |connection| idempotency::sqlite::known(connection, &idempotency)).await
    }

    async fn add_account(&self, account: NewAccount) -> Result<bool, StoreError> {
        self.database.write(move |tx| accounts::insert(tx, &account)).await
    }

    async fn staff_exists(&self) -> Result<bool, StoreError> {
        self.database.read(accounts::staff_exists).await
    }

    async fn credentials(&self, email: &Email) -> Result<Option<Credentials>, StoreError> {
        let email = email.clone();
        self.database.read(move |connection| accounts::credentials(connection, &email)).await
    }

    async fn login_failures(&self, origin: &Origin, since: Timestamp) -> Result<Failures, StoreError> {
        let origin = origin.clone();
        self.database.read(move |connection| login_failures::of(connection, &origin, since)).await
    }

    async fn record_login_failure(
        &self,
        origin: Origin,
        now: Timestamp,
        forget: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.write(move |tx| login_failures::record(tx, &origin, now, forget)).await
    }

    async fn start_session(
        &self,
        session: NewSession,
        proved: PasswordHash,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.database.write(move |tx| sessions::start_proved(tx, session, &proved, &origin)).await
    }

    async fn refresh(
        &self,
        presented: TokenHash,
        successor: Successor,
        ends: TokensEnd,
    ) -> Result<RefreshOutcome, StoreError> {
        self.database.write(move |tx| sessions::refresh(tx, presented, successor, ends)).await
    }

    async fn end_session(
        &self,
        customer: CustomerId,
        session: SessionId,
        ends: TokensEnd,
    ) -> Result<(), StoreError> {
        self.database.write(move |tx| sessions::end(tx, customer, session, ends)).await
    }

    async fn profile(&self, customer: CustomerId) -> Result<Option<Profile>, StoreError> {
        self.database.read(move |connection| accounts::profile(connection, customer)).await
    }

    async fn update_profile(
        &self,
        customer: CustomerId,
        changes: ProfileChanges,
    ) -> Result<UpdateOutcome, StoreError> {
        self.database.write(move |tx| accounts::update(tx, customer, changes)).await
    }

    async fn change_password(
        &self,
        change: PasswordChange,
        ends: TokensEnd,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.database.write(move |tx| accounts::change_password(tx, &change, ends)).await
    }

    async fn delete_account(&self, customer: CustomerId, ends: TokensEnd) -> Result<(), StoreError> {
        self.database.write(move |tx| accounts::delete(tx, customer, ends)).await
    }

    async fn add_address(
        &self,
        customer: CustomerId,
        address: Address,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<AddAddressOutcome, StoreError> {
        self.database.write(move |tx| addresses::add(tx, customer, &address, idempotency.as_ref(), now)).await
    }

    async fn replace_address(&self, customer: CustomerId, address: Address) -> Result<bool, StoreError> {
        self.database.write(move |tx| addresses::replace(tx, customer, &address)).await
    }

    async fn remove_address(&self, customer: CustomerId, address: AddressId) -> Result<bool, StoreError> {
        self.database.write(move |tx| addresses::remove(tx, customer, address)).await
    }

    async fn address(
        &self,
        customer: CustomerId,
        address: AddressId,
    ) -> Result<Option<AddressDetails>, StoreError> {
        self.database.read(move |connection| addresses::find(connection, customer, address)).await
    }

    async fn addresses(
        &self,
        customer: CustomerId,
        after: Option<AddressId>,
        limit: u32,
    ) -> Result<Vec<Address>, StoreError> {
        self.database.read(move |connection| addresses::list(connection, customer, after, limit)).await
    }
}
