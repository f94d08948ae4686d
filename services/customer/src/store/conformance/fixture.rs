//! A store with nothing in it, and what the tests put in and look at.

use std::{any::Any, sync::Arc, time::Duration};

use contracts::{
    AddressId, CustomerId, Service, SessionId, Timestamp,
    events::{CustomerDeleted, Event, SessionRevoked},
};
use platform::{
    auth::{Revoked, Role},
    messaging::Envelope,
    store::{Durability, Store as PlatformStore, StoreUrl},
};

use crate::{
    domain::{
        Address, AddressDetails, Email, Network, Origin, PasswordHash, Profile, RefreshToken, TokenHash,
    },
    store::{NewAccount, NewSession, SignUpOutcome, Store, Successor, TokensEnd, open},
};

/// When the tests happen.
pub const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
/// How long access tokens are good.
pub const ACCESS: Duration = Duration::from_mins(15);
/// How long refresh tokens are good.
pub const REFRESH: Duration = Duration::from_hours(24);
/// What ends now.
pub const ENDS: TokensEnd = ends(NOW);

/// A store with nothing in it.
pub struct Fixture {
    /// The port under test.
    pub store: Arc<dyn Store>,
    /// What messaging sees of it.
    pub platform: PlatformStore,
    /// What has to live as long as the store, such as its folder.
    _keep: Box<dyn Any + Send + Sync>,
}

/// An account in the store, with the session that its sign-up began.
pub struct Known {
    pub id: CustomerId,
    pub origin: Origin,
    pub session: SessionId,
    pub token: TokenHash,
}

impl Fixture {
    /// An embedded one.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::Sqlite(folder.path().to_owned());
        Self::at(url, folder).await
    }

    /// One at `url`, where there is nothing yet, and which is gone when `keep` is dropped.
    pub async fn at(url: StoreUrl, keep: impl Any + Send + Sync) -> Self {
        PlatformStore::migrate(&url, Service::Customer, crate::migrations()).await.unwrap();
        let platform = PlatformStore::open(&url, Service::Customer, Durability::Normal).await.unwrap();
        Self { store: open(&platform), platform, _keep: Box::new(keep) }
    }

    /// Signs somebody up.
    pub async fn known(&self, email: &str) -> Known {
        let (account, session) = sign_up(email);
        let (id, token) = (account.profile.id, session.token);
        let outcome = self.store.sign_up(account, session, None).await.unwrap();
        assert_eq!(outcome, SignUpOutcome::Opened);
        Known { id, origin: origin(email, 1), session: session.id, token }
    }

    /// Begins one more session of `known`.
    pub async fn another_session(&self, known: &Known) -> (SessionId, TokenHash) {
        let session = session(known.id);
        assert!(self.store.start_session(session, password(1), known.origin.clone()).await.unwrap());
        (session.id, session.token)
    }

    /// What waits to be published.
    pub async fn outbox(&self) -> Vec<Envelope> {
        let messaging = self.platform.messaging();
        let rows = messaging.fetch(0, 1_000).await.unwrap();
        rows.into_iter().map(|row| row.envelope.unwrap()).collect()
    }

    /// The sessions whose end waits to be told, in order.
    pub async fn revoked_sessions(&self) -> Vec<SessionId> {
        let outbox = self.outbox().await;
        let ends = outbox.iter().filter(|envelope| envelope.event_type == SessionRevoked::TYPE);
        ends.map(|envelope| envelope.open::<SessionRevoked>().unwrap().session_id).collect()
    }

    /// The customers whose end waits to be told.
    pub async fn deletions(&self) -> Vec<CustomerDeleted> {
        let outbox = self.outbox().await;
        let ends = outbox.iter().filter(|envelope| envelope.event_type == CustomerDeleted::TYPE);
        ends.map(|envelope| envelope.open().unwrap()).collect()
    }

    /// What other instances learn of.
    pub async fn revocations(&self) -> Vec<(Revoked, Timestamp)> {
        let revocations = self.platform.messaging().revoked_since(Timestamp::from_micros(0)).await.unwrap();
        revocations.into_iter().map(|revocation| (revocation.revoked, revocation.until)).collect()
    }
}

/// What ends at `now`.
pub const fn ends(now: Timestamp) -> TokensEnd {
    let tokens_expire_at = Timestamp::from_micros(now.as_micros() + 900_000_000);
    TokensEnd { now, tokens_expire_at }
}

pub fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub fn origin(address: &str, network: u8) -> Origin {
    Origin { email: email(address), network: Network::of(Some([192, 0, 2, network].into())) }
}

/// One of several passwords. Nobody hashes here.
pub fn password(number: u8) -> PasswordHash {
    PasswordHash::new(format!("$argon2id$v=19$m=1,t=1,p=1$c2FsdHNhbHQ${number}"))
}

pub fn profile(address: &str) -> Profile {
    Profile {
        id: CustomerId::new(),
        email: email(address),
        name: Some("Ada".to_owned()),
        phone: None,
        role: Role::Customer,
        created_at: NOW,
    }
}

pub fn account(address: &str) -> NewAccount {
    NewAccount { profile: profile(address), password: password(1) }
}

pub fn session(customer: CustomerId) -> NewSession {
    let (id, token) = (SessionId::new(), RefreshToken::generate().hash());
    NewSession { id, customer, token, now: NOW, expires_at: NOW + REFRESH }
}

pub fn sign_up(address: &str) -> (NewAccount, NewSession) {
    let account = account(address);
    let session = session(account.profile.id);
    (account, session)
}

pub fn successor(now: Timestamp) -> Successor {
    Successor { token: RefreshToken::generate().hash(), expires_at: now + REFRESH }
}

pub fn address(street: &str) -> Address {
    let details = AddressDetails {
        name: None,
        street: street.to_owned(),
        postal_code: "20095".to_owned(),
        city: "Hamburg".to_owned(),
        country: "DE".to_owned(),
    };
    Address { id: AddressId::new(), details }
}
