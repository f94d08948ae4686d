//! The store in PostgreSQL. This file is the port's list; each group of use cases has its own.

mod accounts;
mod addresses;
mod login_failures;
mod sessions;

#[cfg(test)]
#[cfg(feature = "real-servers")]
pub(in crate::store) mod tests;

use async_trait::async_trait;
use contracts::{AddressId, CustomerId, SessionId, Timestamp};
use platform::{
    idempotency::{Idempotency, Known},
    store::{StoreError, postgres::Database},
};

use super::{
    AddAddressOutcome, Credentials, NewAccount, NewSession, PasswordChange, RefreshOutcome, SignUpOutcome,
    Store, Successor, TokensEnd, UpdateOutcome,
};
use crate::domain::{
    Address, AddressDetails, Email, Failures, Origin, PasswordHash, Profile, ProfileChanges, TokenHash,
};

/// The store of one service in one database.
pub struct Postgres {
    database: Database,
}

impl Postgres {
    /// The store in `database`.
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Store for Postgres {
    async fn sign_up(
        &self,
        account: NewAccount,
        session: NewSession,
        idempotency: Option<Idempotency>,
    ) -> Result<SignUpOutcome, StoreError> {
        accounts::sign_up(&self.database, &account, session, idempotency.as_ref()).await
    }

    async fn signed_up(&self, idempotency: &Idempotency) -> Result<Known<CustomerId>, StoreError> {
        accounts::signed_up(&self.database, idempotency).await
    }

    async fn add_account(&self, account: NewAccount) -> Result<bool, StoreError> {
        accounts::add(&self.database, &account).await
    }

    async fn staff_exists(&self) -> Result<bool, StoreError> {
        accounts::staff_exists(&self.database).await
    }

    async fn credentials(&self, email: &Email) -> Result<Option<Credentials>, StoreError> {
        accounts::credentials(&self.database, email).await
    }

    async fn login_failures(&self, origin: &Origin, since: Timestamp) -> Result<Failures, StoreError> {
        login_failures::of(&self.database, origin, since).await
    }

    async fn record_login_failure(
        &self,
        origin: Origin,
        now: Timestamp,
        forget: Timestamp,
    ) -> Result<(), StoreError> {
        login_failures::record(&self.database, &origin, now, forget).await
    }

    async fn start_session(
        &self,
        session: NewSession,
        proved: PasswordHash,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        sessions::start_proved(&self.database, session, &proved, &origin).await
    }

    async fn refresh(
        &self,
        presented: TokenHash,
        successor: Successor,
        ends: TokensEnd,
    ) -> Result<RefreshOutcome, StoreError> {
        sessions::refresh(&self.database, presented, successor, ends).await
    }

    async fn end_session(
        &self,
        customer: CustomerId,
        session: SessionId,
        ends: TokensEnd,
    ) -> Result<(), StoreError> {
        sessions::end(&self.database, customer, session, ends).await
    }

    async fn profile(&self, customer: CustomerId) -> Result<Option<Profile>, StoreError> {
        accounts::profile(&self.database, customer).await
    }

    async fn update_profile(
        &self,
        customer: CustomerId,
        changes: ProfileChanges,
    ) -> Result<UpdateOutcome, StoreError> {
        accounts::update(&self.database, customer, changes).await
    }

    async fn change_password(
        &self,
        change: PasswordChange,
        ends: TokensEnd,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        accounts::change_password(&self.database, &change, ends).await
    }

    async fn delete_account(&self, customer: CustomerId, ends: TokensEnd) -> Result<(), StoreError> {
        accounts::delete(&self.database, customer, ends).await
    }

    async fn add_address(
        &self,
        customer: CustomerId,
        address: Address,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<AddAddressOutcome, StoreError> {
        addresses::add(&self.database, customer, &address, idempotency.as_ref(), now).await
    }

    async fn replace_address(&self, customer: CustomerId, address: Address) -> Result<bool, StoreError> {
        addresses::replace(&self.database, customer, &address).await
    }

    async fn remove_address(&self, customer: CustomerId, address: AddressId) -> Result<bool, StoreError> {
        addresses::remove(&self.database, customer, address).await
    }

    async fn address(
        &self,
        customer: CustomerId,
        address: AddressId,
    ) -> Result<Option<AddressDetails>, StoreError> {
        addresses::find(&self.database, customer, address).await
    }

    async fn addresses(
        &self,
        customer: CustomerId,
        after: Option<AddressId>,
        limit: u32,
    ) -> Result<Vec<Address>, StoreError> {
        addresses::list(&self.database, customer, after, limit).await
    }
}
