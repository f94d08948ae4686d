//! What the suite of the port needs to run on a real server, and what only this adapter promises.

use contracts::{AddressId, CustomerId, SessionId};
use platform::store::{
    Store as PlatformStore, StoreError,
    postgres::{Database, moment},
};
use testkit::servers::FreshDatabase;
use tokio_postgres::types::ToSql;

use super::{accounts, addresses, login_failures, sessions};
use crate::store::{
    UpdateOutcome,
    conformance::fixture::{Fixture, NOW, email},
};

/// A store with nothing in it, in a database of its own.
pub async fn fixture() -> Fixture {
    let database = FreshDatabase::create().await;
    Fixture::at(database.store_url(), database).await
}

fn database(fixture: &Fixture) -> &Database {
    match &fixture.platform {
        PlatformStore::Postgres(database) => database,
        PlatformStore::Sqlite(_) => panic!("it is not a database of PostgreSQL"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_who_take_each_others_email_are_told_that_it_is_taken() {
    let fixture = fixture().await;
    let (ada, eve) = (fixture.known("ada@example.com").await, fixture.known("eve@example.com").await);
    let to = |text| crate::domain::ProfileChanges { email: Some(email(text)), ..Default::default() };
    for _ in 0..20 {
        let (first, second) = tokio::join!(
            fixture.store.update_profile(ada.id, to("eve@example.com")),
            fixture.store.update_profile(eve.id, to("ada@example.com")),
        );
        assert_eq!(first.unwrap(), UpdateOutcome::EmailTaken);
        assert_eq!(second.unwrap(), UpdateOutcome::EmailTaken);
    }
}

#[tokio::test]
async fn the_constraints_hold_whoever_writes() {
    let fixture = fixture().await;
    fixture.known("ada@example.com").await;
    let wrong = [
        "UPDATE customer SET email = 'Ada@example.com'",
        "UPDATE customer SET email = 'a'",
        "UPDATE customer SET name = ''",
        "UPDATE customer SET role = 'root'",
        "UPDATE customer SET password_hash = 'secret'",
        "UPDATE session SET customer_id = gen_random_uuid()",
        "UPDATE refresh_token SET hash = 'short'",
        "INSERT INTO refresh_token SELECT sha256('more'), session_id, expires_at FROM refresh_token",
        "INSERT INTO address SELECT id, id, 'Ada', 'Street 1', '20095', 'Hamburg', 'de' FROM customer",
        "INSERT INTO address VALUES (gen_random_uuid(), gen_random_uuid(), NULL, 'Street 1', '20095', 'Hamburg', 'DE')",
    ];
    for sql in wrong {
        let refused = database(&fixture).execute(sql, &[]).await;
        assert!(matches!(refused, Err(StoreError::Failed(_))), "{sql}: {refused:?}");
    }
}

/// Fills the store with as many accounts as make a plan matter.
async fn fill(fixture: &Fixture) {
    for sql in [
        "INSERT INTO customer (id, email, role, password_hash, created_at)
         SELECT gen_random_uuid(), n || '@example.com', 'customer', '$argon2id$', now() FROM generate_series(1, 20000) AS n",
        "INSERT INTO session (id, customer_id, created_at, expires_at)
         SELECT gen_random_uuid(), id, now(), now() + random() * interval '30 days' FROM customer",
        "INSERT INTO refresh_token (hash, session_id, expires_at)
         SELECT sha256(id::text::bytea), id, expires_at FROM session",
        "INSERT INTO login_failure (email, network, failed_at)
         SELECT n % 1000 || '@example.com', '192.0.2.' || n % 250, now() - n * interval '1 second'
         FROM generate_series(1, 20000) AS n",
        "INSERT INTO address (customer_id, id, street, postal_code, city, country)
         SELECT id, gen_random_uuid(), 'Street 1', '20095', 'Hamburg', 'DE' FROM customer",
        "ANALYZE",
    ] {
        database(fixture).execute(sql, &[]).await.unwrap();
    }
}

#[tokio::test]
async fn every_query_finds_its_rows_by_an_index() {
    let fixture = fixture().await;
    fill(&fixture).await;
    let (customer, session, address) = (CustomerId::new().0, SessionId::new().0, AddressId::new().0);
    let (hash, now, ten) = (&[7_u8; 32][..], moment(NOW), 10_i64);
    let queries: [(&str, Vec<&(dyn ToSql + Sync)>); 10] = [
        (accounts::CREDENTIALS, vec![&"7@example.com"]),
        (accounts::PROFILE, vec![&customer]),
        (accounts::STAFF, vec![]),
        (sessions::START, vec![&customer, &"$argon2id$", &session, &now, &now, &hash]),
        (sessions::ROTATE, vec![&hash, &now, &hash, &now]),
        (sessions::REMOVE_OTHERS, vec![&customer, &session]),
        (login_failures::FAILURES, vec![&"7@example.com", &"192.0.2.7", &now, &ten, &ten]),
        (login_failures::FORGET, vec![&"7@example.com", &"192.0.2.7"]),
        (login_failures::FORGET_ALL, vec![&"7@example.com"]),
        (&addresses::page(), vec![&customer, &address, &ten]),
    ];
    for (sql, values) in queries {
        let rows = database(&fixture).query(&format!("EXPLAIN {sql}"), &values).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n");
        assert!(plan.contains("Index") && !plan.contains("Seq Scan"), "{sql}\n{plan}");
    }
}
