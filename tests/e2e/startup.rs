//! Starting, ending, and the command line.

use std::{net::TcpListener, os::unix::fs::PermissionsExt as _, time::Instant};

use contracts::{
    Service, Timestamp,
    rpc::OrderStatus::{Confirmed, Reserved},
};
use serde_json::Value;
use testkit::{Alone, Mercato, ProductBody, Ran, Shopper, Staff};

use crate::{mercato, shop};

/// That a person who reads it knows what to do: one line that names the culprit, and no panic.
fn says_clearly(ran: &Ran, culprit: &str) {
    let Ran { stdout, stderr, .. } = ran;
    assert!(stderr.contains(culprit), "'{culprit}' is not in: {stderr}");
    assert!(!stderr.contains("panicked") && !stderr.contains("RUST_BACKTRACE"), "{stderr}");
    assert!(!stdout.contains("http://"), "it has not started: {stdout}");
}

fn in_new_folder() -> (tempfile::TempDir, Mercato) {
    let home = tempfile::tempdir().expect("a folder");
    let mercato = mercato().data(home.path().join("data")).folder(home.path());
    (home, mercato)
}

#[tokio::test]
async fn a_shop_that_cannot_start_says_why() {
    let (home, mercato) = in_new_folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    says_clearly(
        &mercato.run(&["serve", "--port", &port]).await.expect(2),
        &format!("127.0.0.1:{port} is in use"),
    );

    let file = home.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let ran = mercato.run(&["serve", "--port", "0", "--data", file.to_str().unwrap()]).await;
    assert!(matches!(ran.code, Some(1 | 2)), "{ran:?}");
    says_clearly(&ran, file.to_str().unwrap());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "not a folder");

    for (variable, value, culprit) in [
        ("MERCATO_PORT", "a lot", "PORT"),
        ("MERCATO_PORT", "70000", "PORT"),
        ("MERCATO_ADDRESS", "here", "ADDRESS"),
        ("MERCATO_RPC_TIMEOUT_MS", "0", "rpc_timeout_ms"),
        ("MERCATO_BROKER_URL", "carrier-pigeon://roof", "carrier-pigeon"),
        ("MERCATO_STORE_URL", "paper:drawer", "paper"),
        ("MERCATO_LOG", "info,==", "info,=="),
        ("MERCATO_LOG_FORMAT", "prose", "prose"),
        ("MERCATO_CONFIG", "/no/such/file.toml", "/no/such/file.toml"),
    ] {
        let ran = mercato.clone().set(variable, value).run(&["serve"]).await;
        assert_eq!(ran.code, Some(2), "{variable}={value}: {ran:?}");
        says_clearly(&ran, culprit);
    }
    std::fs::write(home.path().join("mercato.toml"), "prot = 8000").unwrap();
    says_clearly(&mercato.run(&["serve"]).await.expect(2), "prot");
    for usage in [&["sell"][..], &["serve", "bakery"], &["serve", "--port", "x"], &["dead-letters"]] {
        let ran = mercato.run(usage).await.expect(2);
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{ran:?}");
    }
}

#[tokio::test]
async fn a_folder_without_a_shop_is_told_from_a_shop_without_troubles() {
    let (home, mercato) = in_new_folder();
    for asked in [&["dead-letters", "list"][..], &["keys", "list"], &["staff", "remove", "a@shop.example"]] {
        let ran = mercato.run(asked).await.expect(1);
        assert!(ran.stdout.is_empty(), "{ran:?}");
        says_clearly(&ran, home.path().join("data").to_str().unwrap());
    }
    assert!(!home.path().join("data").exists(), "who only asks makes nothing");
    let added = mercato.run(&["staff", "add", "grace@shop.example"]).await.expect(0);
    says_clearly(&added, home.path().join("data").to_str().unwrap());
}

#[tokio::test]
async fn two_processes_do_not_serve_from_the_same_data() {
    let shop = shop().await;
    let folder = shop.data_dir();
    let second = shop.mercato().run(&["serve", "--port", "0"]).await.expect(2);
    says_clearly(&second, folder.to_str().unwrap());
    shop.mercato().run(&["serve", "customer", "--port", "0"]).await.expect(2);
    shop.client().get("/products/").await.expect(200);
}

#[tokio::test]
async fn the_keys_that_sign_tokens_are_for_the_owner_only() {
    let shop = shop().await;
    let keys: Vec<_> = std::fs::read_dir(shop.data_dir().join("keys")).unwrap().map(Result::unwrap).collect();
    assert!(!keys.is_empty());
    for key in keys {
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{key:?}");
    }
}

#[tokio::test]
async fn a_shop_that_is_asked_to_end_finishes_what_it_does_and_goes_on_where_it_was() {
    let mut shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup")).await;
    let slow = shopper.buy(&cup, 1, "tok_slow").await.id;
    shopper.order_reaches(slow, Reserved).await;
    shopper.put_in_cart(&cup, 4).await;
    // Somebody is listening when the shop ends.
    let events = format!("/shopping/orders/{slow}/events");
    let mut events = shopper.client.events(&events, None).await;
    assert!(events.next().await.is_some());

    let asked = Instant::now();
    let status = shop.terminate().await;
    assert_eq!(status.code(), Some(0), "took {:?}; logged {}", asked.elapsed(), shop.log());
    shop.client().get("/products/").attempt().await.expect_err("nobody is there");
    shop.audit().await;

    // `restart` fails if the staff login is printed a second time.
    shop.restart().await;
    shopper.order_reaches(slow, Confirmed).await;
    assert_eq!(shopper.cart().await.items[0].quantity, 4);
    let again = shopper.log_in_again(&shop).await;
    assert_eq!(again.find_order(slow).await.items[0].product.id, cup.id);
    shop.staff().await.product(cup.id).await;
    shop.audit().await.expect_clean();
}

#[tokio::test]
async fn the_command_line_knows_whether_a_shop_is_ready() {
    let mut shop = shop().await;
    let url = shop.base_url();
    let (_, port) = url.rsplit_once(':').unwrap();
    let ran = shop.mercato().run(&["health", "--port", port]).await.expect(0);
    assert_eq!(ran.stdout, "customer: ready\nproducts: ready\nshopping: ready\npayment: ready\n");
    let ran = shop.mercato().run(&["health", "shopping", "--port", port]).await.expect(0);
    assert_eq!(ran.stdout, "shopping: ready\n");

    shop.terminate().await;
    let ran = shop.mercato().run(&["health", "--port", port]).await.expect(1);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("no service can be reached"), "{ran:?}");
    let ran = shop.mercato().run(&["health", "shopping", "--port", port]).await.expect(1);
    assert_eq!(ran.stdout, "shopping: cannot be reached\n");
}

#[tokio::test]
async fn a_setting_may_be_in_a_file() {
    let (home, mercato) = in_new_folder();
    let file = home.path().join("broker_url");
    std::fs::write(&file, "amqp://shop:correct-horse@rabbit.example/\n").unwrap();
    let mercato = mercato.set("MERCATO_BROKER_URL_FILE", file.to_str().unwrap());
    let settings: Value = mercato.run(&["config"]).await.expect(0).json();
    assert_eq!(settings["broker_url"], "amqp://shop:***@rabbit.example/");
    let both = mercato.set("MERCATO_BROKER_URL", "memory:").run(&["config"]).await.expect(2);
    says_clearly(&both, "MERCATO_BROKER_URL_FILE");
}

#[tokio::test]
async fn a_service_is_served_alone_and_says_what_it_cannot_reach() {
    let mut customer = Alone::start(mercato(), Service::Customer).await;
    let body = serde_json::json!({ "email": "ada@shopper.example", "password": "long enough" });
    let tokens: Value = customer.client().post("/signup", &body).await.expect(201).json();
    let ada = customer.client().signed_in(tokens["access_token"].as_str().unwrap());
    ada.get("/profile").await.expect(200);
    let problem = ada.get("/profile?include=shopping").await;
    assert!(problem.header("retry-after").is_some(), "{problem}");
    problem.problem(503);
    let who: Value = customer.client().get("/whoami").await.expect(200).json();
    assert_eq!(who["service"], "customer");
    customer.client().get("/customer/profile").await.problem(404);
    assert_eq!(customer.terminate().await.code(), Some(0));
}

#[tokio::test]
async fn a_member_of_staff_is_added_while_the_shop_runs() {
    let shop = shop().await;
    let ran = shop.mercato().run(&["staff", "add", "grace@shop.example"]).await.expect(0);
    let password = ran.stdout.strip_suffix('\n').unwrap();
    assert!(password.len() >= 16 && !password.contains(char::is_whitespace), "only a password: {ran:?}");
    let grace = Staff::log_in(&shop.client(), "grace@shop.example", password).await;
    grace.add(&ProductBody::named("Cup")).await;
    let twice = shop.mercato().run(&["staff", "add", "grace@shop.example"]).await.expect(1);
    assert!(twice.stdout.is_empty() && twice.stderr.contains("grace@shop.example"), "{twice:?}");
    let nobody = shop.mercato().run(&["staff", "add", "nobody"]).await;
    assert!(nobody.code != Some(0) && nobody.stdout.is_empty(), "{nobody:?}");
}

#[tokio::test]
async fn what_scripts_read_is_alone_on_standard_output() {
    let shop = shop().await;
    let letters = shop.mercato().run(&["dead-letters", "list", "--json"]).await.expect(0);
    assert_eq!(letters.json::<Value>(), serde_json::json!([]));
    let unknown = ["dead-letters", "show", "01900000-0000-7000-8000-000000000000"];
    shop.mercato().run(&unknown).await.expect(1);
    let report: Value = shop.mercato().run(&["audit", "--json"]).await.expect(0).json();
    assert_eq!(report["holds"], true);
    for service in Service::ALL {
        let document: Value = mercato().run(&["openapi", service.name()]).await.expect(0).json();
        assert!(!document["paths"].as_object().unwrap().is_empty());
    }
    let document: Value = mercato().run(&["asyncapi"]).await.expect(0).json();
    assert!(document["asyncapi"].as_str().unwrap().starts_with("3."));
    for help in [&["--help"][..], &["serve", "--help"], &["audit", "--help"]] {
        assert!(mercato().run(help).await.expect(0).stdout.contains("Usage"));
    }
}

#[tokio::test]
async fn the_settings_in_force_are_shown_without_secrets() {
    let (_home, mercato) = in_new_folder();
    let mercato = mercato
        .set("MERCATO_SENTRY_DSN", "https://hunter2@sentry.example/1")
        .set("MERCATO_BROKER_URL", "amqp://shop:hunter2@rabbit.example/%2f")
        .set("MERCATO_RPC_TIMEOUT_MS", "1234");
    let ran = mercato.run(&["config", "--port", "8123"]).await.expect(0);
    let config: Value = ran.json();
    assert_eq!((&config["rpc_timeout_ms"], &config["port"]), (&1_234.into(), &8_123.into()));
    assert!(ran.stdout.contains("rabbit.example"), "{ran:?}");
    assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{ran:?}");
}

#[tokio::test]
async fn a_data_folder_can_be_prepared_before_the_first_start() {
    let (_home, mercato) = in_new_folder();
    for _ in 0..2 {
        mercato.run(&["migrate"]).await.expect(0);
    }
    mercato.run(&["seed"]).await.expect(0);
    mercato.run(&["seed"]).await;
    let report: Value = mercato.run(&["audit", "--json"]).await.expect(0).json();
    assert_eq!(report["holds"], true);
}

#[tokio::test]
async fn a_broker_that_keeps_no_events_says_that_it_replays_none() {
    let now = Timestamp::now().to_string();
    for (url, broker) in
        [("memory:", "the broker within the process"), ("amqp://shop:secret@localhost", "RabbitMQ")]
    {
        let replay = ["replay", "products", "--since", &now];
        says_clearly(&mercato().set("MERCATO_BROKER_URL", url).run(&replay).await.expect(2), broker);
    }
    let too_far = ["replay", "products", "--since", "2020-01-01T00:00:00Z"];
    says_clearly(&mercato().run(&too_far).await.expect(2), "7 days");
}
