//! Databases and brokers that are reached by TLS: only those are believed that a named authority vouches for, by the
//! name that they were asked for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use contracts::Service;
use platform::{
    Clock,
    messaging::connect,
    store::{Durability, Store, StoreUrl},
};
use testkit::{
    eventually,
    servers::{Authority, Postgres, RabbitMq},
};

/// An authority, another one, and the files that clients know them by.
struct Authorities {
    ours: Authority,
    folder: tempfile::TempDir,
}

impl Authorities {
    fn new() -> Self {
        let (ours, theirs) = (Authority::new(), Authority::new());
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ours.pem"), ours.pem()).unwrap();
        std::fs::write(folder.path().join("theirs.pem"), theirs.pem()).unwrap();
        Self { ours, folder }
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Whether the connection to the database at `url` is encrypted, or why there is none.
async fn encrypted(url: &str) -> Result<bool, String> {
    let url: StoreUrl = url.parse().unwrap();
    let store = Store::open(&url, Service::Customer, Durability::Normal).await;
    let Store::Postgres(database) = store.map_err(|error| error.to_string())? else {
        panic!("another store")
    };
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let rows = database.query(sql, &[]).await.map_err(|error| error.to_string())?;
    Ok(rows[0].get(0))
}

#[tokio::test]
async fn a_database_is_believed_by_its_authority_and_its_name() {
    let authorities = Authorities::new();
    let mut postgres = Postgres::start_with_tls(&authorities.ours.issue(&["127.0.0.1"])).await.unwrap();
    postgres.create_database("customer").await.unwrap();
    let url = postgres.url("customer");
    let verified = |authority: &str| {
        let file = authorities.folder().join(authority);
        format!("{url}?sslmode=verify-full&sslrootcert={}", file.display())
    };
    assert_eq!(encrypted(&verified("ours.pem")).await, Ok(true));
    assert_eq!(encrypted(&format!("{url}?sslmode=disable")).await, Ok(false));

    let said = encrypted(&verified("theirs.pem")).await.unwrap_err();
    assert!(said.contains("invalid peer certificate: UnknownIssuer"), "{said}");
    let said = encrypted(&format!("{url}?sslmode=require")).await.unwrap_err();
    assert!(said.contains("invalid peer certificate: UnknownIssuer"), "not one of the system's: {said}");
    let said = encrypted(&verified("ours.pem").replace("127.0.0.1", "localhost")).await.unwrap_err();
    assert!(said.contains("not valid for name") && said.contains("localhost"), "{said}");
    let said = encrypted(&verified("nobodys.pem")).await.unwrap_err();
    assert!(said.contains("nobodys.pem"), "{said}");

    let wrong: StoreUrl = verified("theirs.pem").parse().unwrap();
    let migrations = platform::store::Migrations {
        sqlite: refinery::Runner::new(&[]),
        postgres: refinery::Runner::new(&[]),
    };
    let said = Store::migrate(&wrong, Service::Customer, migrations).await.unwrap_err().to_string();
    assert!(said.contains("UnknownIssuer"), "{said}");
}

#[tokio::test]
async fn a_database_without_tls_is_not_talked_to_by_those_who_ask_for_it() {
    let mut postgres = Postgres::start().await.unwrap();
    postgres.create_database("customer").await.unwrap();
    let said = encrypted(&format!("{}?sslmode=verify-full", postgres.url("customer"))).await.unwrap_err();
    assert!(said.contains("TLS"), "{said}");
}

/// What the broker at `url` says once it is known whether it can be reached.
async fn reached(url: &str) -> Result<(), String> {
    let broker = connect(url, &Clock::system()).unwrap();
    eventually("the broker to be reached or not", || async {
        match broker.check().await {
            Ok(()) => Some(Ok(())),
            Err(error) if error.0 == "not connected yet" => None,
            Err(error) => Some(Err(error.0)),
        }
    })
    .await
}

#[tokio::test]
async fn a_broker_is_believed_by_its_authority_and_its_name() {
    let authorities = Authorities::new();
    let rabbitmq = RabbitMq::start_with_tls(&authorities.ours.issue(&["localhost"])).await.unwrap();
    let url = |host: &str, authority: &str| {
        let file = authorities.folder().join(authority);
        format!("{}?cacertfile={}", rabbitmq.tls_url(host), file.display())
    };
    assert_eq!(reached(&url("localhost", "ours.pem")).await, Ok(()));

    let said = reached(&url("localhost", "theirs.pem")).await.unwrap_err();
    assert!(said.contains("UnknownIssuer"), "{said}");
    let said = reached(&rabbitmq.tls_url("localhost")).await.unwrap_err();
    assert!(said.contains("UnknownIssuer"), "not one of the system's: {said}");
    let said = reached(&url("127.0.0.1", "ours.pem")).await.unwrap_err();
    assert!(said.contains("not valid for name"), "{said}");
}
