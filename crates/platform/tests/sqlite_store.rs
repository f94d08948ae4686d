//! The embedded store keeps the promises that messaging relies on.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "postgres_store/releases.rs"]
mod releases;

use async_trait::async_trait;
use contracts::Service;
use platform::{
    auth, idempotency, inbox, outbox,
    store::{
        Durability, Migrations, Store, StoreError, StoreUrl,
        sqlite::{Database, Transaction},
    },
    timers,
};
use testkit::{
    conformance::messaging_store::{Action, MessagingStoreHarness, Outcome},
    messaging_store_conformance,
};

struct Sqlite {
    database: Database,
    store: Store,
    _folder: tempfile::TempDir,
}

#[async_trait]
impl MessagingStoreHarness for Sqlite {
    async fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::Sqlite(folder.path().to_owned());
        let nothing_more =
            Migrations { sqlite: refinery::Runner::new(&[]), postgres: refinery::Runner::new(&[]) };
        Store::migrate(&url, Service::Products, nothing_more).await.unwrap();
        let path = folder.path().join("products.db");
        let database = Database::open(&path, Durability::Normal).unwrap();
        Self { store: Store::Sqlite(database.clone()), database, _folder: folder }
    }

    async fn another_process(&self) -> Option<Self> {
        None
    }

    fn store(&self) -> &Store {
        &self.store
    }

    async fn commit(&self, actions: Vec<Action>) -> Result<Vec<Outcome>, StoreError> {
        let commit = self
            .database
            .write(move |transaction| actions.into_iter().map(|action| act(transaction, action)).collect());
        commit.await
    }
}

fn act(transaction: &Transaction<'_>, action: Action) -> Result<Outcome, StoreError> {
    match action {
        Action::Enqueue(event, now) => outbox::sqlite::enqueue(transaction, &event, now)?,
        Action::Enter(received, now) => {
            return inbox::sqlite::is_new(transaction, received, now).map(Outcome::Is);
        }
        Action::SetTimer(timer) => timers::sqlite::set(transaction, &timer)?,
        Action::ClearTimer(kind, subject) => timers::sqlite::clear(transaction, &kind, subject)?,
        Action::Stands(timer) => return timers::sqlite::stands(transaction, &timer).map(Outcome::Is),
        Action::Once(key, now, answer) => {
            let command = || answer.ok_or_else(|| StoreError::corrupt("the command fails"));
            return idempotency::sqlite::once(transaction, key.as_ref(), now, command).map(Outcome::Once);
        }
        Action::Revoke(revocation) => auth::sqlite::record(transaction, revocation)?,
        Action::SetSource(id, source) => {
            transaction
                .execute("UPDATE outbox SET source = ?2 WHERE id = ?1", rusqlite::params![id, source])
                .map_err(StoreError::from)?;
        }
        Action::Fail => return Err(StoreError::corrupt("as was asked")),
    }
    Ok(Outcome::Done)
}

messaging_store_conformance!(Sqlite);

#[tokio::test]
async fn releases_come_and_go_on_one_schema() {
    let folder = tempfile::tempdir().unwrap();
    releases::come_and_go(&StoreUrl::Sqlite(folder.path().to_owned())).await;
}
