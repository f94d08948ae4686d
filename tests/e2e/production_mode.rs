//! `environment = production`: what is not started, and what is not made up.

use std::process::Stdio;

use contracts::Service;
use testkit::{Client, Front, Mercato, Staff};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::mercato;

fn in_production() -> (tempfile::TempDir, Mercato) {
    let home = tempfile::tempdir().expect("a folder");
    let mercato = mercato().data(home.path().join("data")).folder(home.path());
    (home, mercato.set("MERCATO_ENVIRONMENT", "production"))
}

/// Serves the whole shop, and gives what it says until it can be reached.
async fn serve(mercato: &Mercato) -> (Child, Vec<String>) {
    let mut command = Command::from(mercato.command(&["serve", "--port", "0"]));
    let mut shop = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("a process");
    let mut lines = BufReader::new(shop.stdout.take().expect("its output")).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await.expect("a line") {
        let reached = line.starts_with("gateway: ");
        said.push(line);
        if reached {
            return (shop, said);
        }
    }
    panic!("it ended; it had said {said:?}");
}

#[tokio::test]
async fn everything_that_stands_against_a_start_is_said_at_once() {
    let (home, mercato) = in_production();
    let mercato = mercato
        .set("MERCATO_STORE_URL", "postgres://mercato:hunter2@db.example/{service}")
        .set("MERCATO_BROKER_URL", "amqp://guest:guest@rabbit.example/");
    let ran = mercato.run(&["serve"]).await.expect(2);
    for culprit in
        ["store_url", "db.example", "broker_url", "'guest'", "payment_provider", "client_ip_header", "keys: "]
    {
        assert!(ran.stderr.contains(culprit), "'{culprit}' is not in: {}", ran.stderr);
    }
    assert!(ran.stdout.is_empty() && !ran.stderr.contains("hunter2"), "{ran:?}");
    assert!(!home.path().join("data").exists(), "nothing was begun");

    let alone = in_production().1.run(&["serve", Service::Shopping.name()]).await.expect(2);
    assert!(alone.stderr.contains("SQLite") && alone.stderr.contains("memory:"), "{alone:?}");
    in_production().1.run(&["config"]).await.expect(0);
}

#[tokio::test]
async fn a_shop_in_production_makes_no_key_no_login_and_no_goods() {
    let (_home, mercato) = in_production();
    let mercato =
        mercato.set("MERCATO_PAYMENT_PROVIDER", "sandbox").set("MERCATO_CLIENT_IP_HEADER", "X-Real-IP");
    let ran = mercato.run(&["serve", "--port", "0"]).await.expect(2);
    assert!(ran.stderr.contains("mercato keys rotate"), "{ran:?}");

    let kid = mercato.run(&["keys", "rotate"]).await.expect(0).stdout.trim().to_owned();
    let listed = mercato.run(&["keys", "list"]).await.expect(0).stdout;
    assert!(listed.starts_with(&format!("{kid} ")) && listed.lines().count() == 1, "{listed}");
    let password = mercato.run(&["staff", "add", "grace@shop.example"]).await.expect(0).stdout;

    let (_shop, said) = serve(&mercato).await;
    assert!(!said.iter().any(|line| line.starts_with("staff: ")), "{said:?}");
    let client = Client::new(&Front::new(said.last().unwrap().strip_prefix("gateway: ").unwrap()));
    let catalogue: serde_json::Value = client.get("/products/").await.expect(200).json();
    assert_eq!(catalogue["items"], serde_json::json!([]));
    let keys: serde_json::Value = client.get("/customer/.well-known/jwks.json").await.expect(200).json();
    assert_eq!(keys["keys"][0]["kid"], kid.as_str());
    Staff::log_in(&client, "grace@shop.example", password.trim()).await;
}
