//! PostgreSQL keeps the promises that messaging relies on, also with several processes on one database. Needs the feature
//! `real-servers` and `MERCATO_TEST_POSTGRES_URL`: `cargo xtask test rabbitmq` sees to both.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod relays;
mod releases;
mod revocations;
mod statements;
mod timers;
mod together;
#[expect(dead_code, reason = "the tests over the in-process broker have more faults")]
#[path = "../delivery/world.rs"]
mod world;

use std::sync::Arc;

use async_trait::async_trait;
use contracts::Service;
use platform::{
    auth,
    idempotency::{self, Idempotency, Known, Once},
    inbox, outbox,
    store::{
        Migrations, Store, StoreError, StoreUrl,
        postgres::{Database, Transaction, open},
    },
    timers as timer_rows,
};
use testkit::{
    conformance::messaging_store::{Action, MessagingStoreHarness, Outcome},
    messaging_store_conformance,
    servers::FreshDatabase,
};

/// One process on a database of the test's own.
struct Postgres {
    database: Database,
    store: Store,
    fresh: Arc<FreshDatabase>,
}

impl Postgres {
    fn on(fresh: Arc<FreshDatabase>) -> Self {
        let StoreUrl::Postgres(url) = fresh.store_url() else { unreachable!("it is a server's") };
        let database = open(&url).unwrap();
        Self { store: Store::Postgres(database.clone()), database, fresh }
    }
}

#[async_trait]
impl MessagingStoreHarness for Postgres {
    async fn fresh() -> Self {
        let fresh = FreshDatabase::create().await;
        let nothing_more =
            Migrations { sqlite: refinery::Runner::new(&[]), postgres: refinery::Runner::new(&[]) };
        Store::migrate(&fresh.store_url(), Service::Products, nothing_more).await.unwrap();
        Self::on(Arc::new(fresh))
    }

    async fn another_process(&self) -> Option<Self> {
        Some(Self::on(Arc::clone(&self.fresh)))
    }

    fn store(&self) -> &Store {
        &self.store
    }

    async fn commit(&self, actions: Vec<Action>) -> Result<Vec<Outcome>, StoreError> {
        let mut connection = self.database.connection().await?;
        let transaction = connection.begin();
        let mut outcomes = Vec::with_capacity(actions.len());
        for action in actions {
            outcomes.push(act(&transaction, action).await?);
        }
        transaction.commit().await?;
        Ok(outcomes)
    }
}

async fn act(transaction: &Transaction<'_>, action: Action) -> Result<Outcome, StoreError> {
    match action {
        Action::Enqueue(event, now) => outbox::postgres::enqueue(transaction, &event, now),
        Action::Enter(received, now) => {
            return inbox::postgres::is_new(transaction, received, now).await.map(Outcome::Is);
        }
        Action::SetTimer(timer) => timer_rows::postgres::set(transaction, timer),
        Action::ClearTimer(kind, subject) => timer_rows::postgres::clear(transaction, &kind, subject),
        Action::Stands(timer) => {
            return timer_rows::postgres::stands(transaction, &timer).await.map(Outcome::Is);
        }
        Action::Once(key, now, answer) => {
            let answer = answer.ok_or_else(|| StoreError::corrupt("the command fails"));
            return match key {
                None => Ok(Outcome::Once(Once::Done(answer?))),
                Some(key) => once(transaction, &key, now, answer).await.map(Outcome::Once),
            };
        }
        Action::Revoke(revocation) => auth::postgres::record(transaction, revocation).await?,
        Action::SetSource(id, source) => {
            transaction.execute("UPDATE outbox SET source = $2 WHERE id = $1", &[&id, &source]).await?;
        }
        Action::Fail => return Err(StoreError::corrupt("as was asked")),
    }
    Ok(Outcome::Done)
}

/// A command under a key, as the services' stores run theirs.
async fn once(
    transaction: &Transaction<'_>,
    key: &Idempotency,
    now: contracts::Timestamp,
    answer: Result<u32, StoreError>,
) -> Result<Once<u32>, StoreError> {
    match idempotency::postgres::known(transaction, key).await? {
        Known::Answered(answer) => return Ok(Once::Replayed(answer)),
        Known::Conflict => return Ok(Once::Conflict),
        Known::New => {}
    }
    let answer = answer?;
    idempotency::postgres::keep(transaction, key, &answer, now).await?;
    Ok(Once::Done(answer))
}

messaging_store_conformance!(Postgres);

#[tokio::test]
async fn releases_come_and_go_on_one_schema() {
    releases::come_and_go(&FreshDatabase::create().await.store_url()).await;
}

#[tokio::test]
async fn however_much_is_old_is_forgotten_some_at_a_time() {
    let process = Postgres::fresh().await;
    let fill = "INSERT INTO inbox (consumer, message_id, applied_at)
        SELECT 'products', gen_random_uuid(), to_timestamp($1::float8) FROM generate_series(1, 12001)";
    for age in [0.0, 1_000.0] {
        process.database.execute(fill, &[&age]).await.unwrap();
    }
    process.store.messaging().prune_inbox(contracts::Timestamp::from_micros(1_000_000_000)).await.unwrap();
    let left = process.database.query("SELECT count(*) FROM inbox", &[]).await.unwrap();
    assert_eq!(left[0].get::<_, i64>(0), 12_001);
}
