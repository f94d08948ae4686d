//! The servers of `testkit::servers`, by themselves.

use std::{
    fs,
    process::{Command, Stdio},
};

use testkit::{
    eventually,
    servers::{Gateway, Identity, Nginx, Postgres, RabbitMq},
};
use tokio_postgres::NoTls;

/// The variable by which a test is told to be the one that is killed.
const VICTIM: &str = "TESTKIT_VICTIM";

async fn connect(url: &str) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

#[tokio::test]
async fn what_was_committed_survives_a_kill_of_postgres() {
    let mut postgres = Postgres::start().await.unwrap();
    postgres.create_database("products").await.unwrap();
    let client = connect(&postgres.url("products")).await.unwrap();
    client.batch_execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)").await.unwrap();

    postgres.kill();
    assert!(connect(&postgres.url("products")).await.is_err());
    postgres.restart().await.unwrap();

    let client = connect(&postgres.url("products")).await.unwrap();
    assert_eq!(client.query_one("SELECT n FROM kept", &[]).await.unwrap().get::<_, i32>(0), 7);
}

#[tokio::test]
async fn the_role_of_a_service_reaches_its_own_database_alone() {
    let mut postgres = Postgres::start().await.unwrap();
    for service in ["customer", "payment"] {
        postgres.create_database(service).await.unwrap();
    }
    let own = postgres.url("customer");
    let client = connect(&own).await.unwrap();
    for other in ["payment", "postgres", "template1"] {
        let url = format!("{}{other}", own.strip_suffix("customer").unwrap());
        let error = connect(&url).await.unwrap_err();
        let said = error.as_db_error().unwrap().message().to_owned();
        assert!(said.contains("permission denied for database"), "{said}");
    }
    for forbidden in ["CREATE ROLE another", "CREATE DATABASE another", "SELECT pg_read_file('/etc/passwd')"]
    {
        assert!(client.batch_execute(forbidden).await.is_err(), "{forbidden}");
    }
    let may = "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls FROM pg_roles \
               WHERE rolname = current_user";
    assert!(!client.query_one(may, &[]).await.unwrap().get::<_, bool>(0));
    assert_eq!(client.query_one("SHOW fsync", &[]).await.unwrap().get::<_, String>(0), "on");
}

#[tokio::test]
async fn rabbitmq_comes_back_after_a_stop_and_after_a_kill() {
    let mut rabbitmq = RabbitMq::start().await.unwrap();
    let url = rabbitmq.url();
    rabbitmq.create_virtual_host("test").await.unwrap();
    rabbitmq.restart().await.unwrap();
    rabbitmq.kill();
    rabbitmq.restart().await.unwrap();
    assert_eq!(rabbitmq.url(), url);
    let identity = rabbitmq.processes()[0].identity();
    let started = identity.descendants();
    drop(rabbitmq);
    assert!(!identity.is_alive());
    eventually("what the node has started to end", || async {
        (!started.iter().any(|process| process.is_alive())).then_some(())
    })
    .await;
}

/// Run as another process by the test below: starts servers, says which they are, and waits for its end.
#[tokio::test]
async fn a_process_with_servers() {
    let Ok(file) = std::env::var(VICTIM) else { return };
    let mut postgres = Postgres::start().await.unwrap();
    let mut nginx = Nginx::start(Gateway::new()).await.unwrap();
    let mut started = Vec::new();
    for process in [postgres.process().identity(), nginx.process().identity()] {
        started.push(process);
        started.extend(process.descendants());
    }
    fs::write(format!("{file}.draft"), serde_json::to_vec(&started).unwrap()).unwrap();
    fs::rename(format!("{file}.draft"), file).unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn servers_end_with_a_process_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("started.json");
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_process_with_servers"])
        .env(VICTIM, &file)
        .env("TMPDIR", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The servers are other users' if we are root.
    Command::new("chmod").arg("711").arg(folder.path()).status().unwrap();
    let started = eventually("the servers to be started", || async { fs::read(&file).ok() }).await;
    let started: Vec<Identity> = serde_json::from_slice(&started).unwrap();
    assert!(started.len() > 4 && started.iter().all(|process| process.is_alive()));
    victim.kill().unwrap();
    victim.wait().unwrap();
    eventually("the servers to end", || async {
        (!started.iter().any(|process| process.is_alive())).then_some(())
    })
    .await;
}
