use super::*;
use crate::settings::PaymentProvider;

const STRONG: &str = "5mVw0dQe8rTz";

/// Settings that nothing stands against, for any services.
fn good() -> Settings {
    Settings {
        environment: "production".to_owned(),
        store_url: Some(format!(
            "postgres://{{service}}:{STRONG}@db.example/{{service}}?sslmode=verify-full"
        )),
        broker_url: format!("amqps://shop:{STRONG}@rabbit.example/"),
        client_ip_header: Some("X-Real-IP".to_owned()),
        payment_provider: Some(PaymentProvider::Sandbox),
        ..Settings::default()
    }
}

/// The settings that are complained of, and everything that is said.
fn complaints(settings: &Settings, services: &[Service]) -> (Vec<String>, String) {
    let found = refusals(settings, services);
    (found.iter().map(|refusal| refusal.setting.clone()).collect(), lines(&found))
}

fn store(url: &str) -> (Vec<String>, String) {
    complaints(&Settings { store_url: Some(url.to_owned()), ..good() }, &[Service::Shopping])
}

fn broker(url: &str) -> (Vec<String>, String) {
    complaints(&Settings { broker_url: url.to_owned(), ..good() }, &[Service::Shopping])
}

#[test]
fn nothing_stands_against_good_settings() {
    assert_eq!(complaints(&good(), &Service::ALL).0, [""; 0]);
    for service in Service::ALL {
        assert_eq!(complaints(&good(), &[service]).0, [""; 0]);
    }
}

#[test]
fn the_whole_shop_may_be_one_process_on_sqlite() {
    let settings = Settings { store_url: None, broker_url: "memory:".to_owned(), ..good() };
    assert_eq!(complaints(&settings, &Service::ALL).0, [""; 0]);
}

#[test]
fn a_service_alone_needs_a_server_and_a_broker() {
    let settings = Settings { store_url: None, broker_url: "memory:".to_owned(), ..good() };
    assert_eq!(complaints(&settings, &[Service::Shopping]).0, ["store_url", "broker_url"]);
}

#[test]
fn an_address_beside_the_host_is_a_host() {
    for url in ["localhost/shopping?hostaddr=10.0.0.7", "/shopping?hostaddr=10.0.0.7"] {
        let (keys, said) = store(&format!("postgres://shopping:{STRONG}@{url}"));
        assert_eq!(keys, ["store_url"], "{url}: {said}");
    }
    let local = store(&format!("postgres://shopping:{STRONG}@localhost/shopping?hostaddr=127.0.0.1"));
    assert_eq!(local.0, [""; 0], "{}", local.1);
}

#[test]
fn a_password_that_can_be_guessed_is_refused_and_not_repeated() {
    for password in ["", "postgres", "Password-1234", "change-me-123", "ShoppingRole", "short7Kq"] {
        let tls = "sslmode=verify-full";
        let (keys, said) = store(&format!("postgres://shoppingrole:{password}@db.example/shopping?{tls}"));
        assert_eq!(keys, ["store_url"], "{password}");
        assert!(
            said.contains("'shoppingrole'") && (password.is_empty() || !said.contains(password)),
            "{said}"
        );
    }
    for url in ["amqps://guest:guest@rabbit.example/", "amqps://rabbit.example/"] {
        assert_eq!(broker(url).0, ["broker_url"], "{url}");
    }
    // On this machine as well: whoever is on it could use it.
    assert_eq!(broker("amqp://guest:guest@127.0.0.1/").0, ["broker_url"]);
}

#[test]
fn a_unix_socket_needs_neither_tls_nor_a_password() {
    let (keys, said) = store("postgres://shopping@%2Frun%2Fpostgresql/shopping");
    assert_eq!(keys, [""; 0], "{said}");
}

#[test]
fn a_server_elsewhere_is_reached_by_tls_that_verifies_it() {
    for options in ["", "?sslmode=disable", "?sslmode=prefer"] {
        let (keys, said) = store(&format!("postgres://shopping:{STRONG}@db.example/shopping{options}"));
        assert_eq!(keys, ["store_url"], "{options}");
        assert!(said.contains("db.example") && said.contains("sslmode=verify-full"), "{said}");
    }
    assert_eq!(store(&format!("postgres://shopping:{STRONG}@127.0.0.1,db.example/shopping")).0.len(), 1);
    assert_eq!(broker(&format!("amqp://shop:{STRONG}@10.0.0.7/")).0, ["broker_url"]);
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        assert_eq!(store(&format!("postgres://shopping:{STRONG}@{host}/shopping")).0, [""; 0], "{host}");
        assert_eq!(broker(&format!("amqp://shop:{STRONG}@{host}/")).0, [""; 0], "{host}");
    }
}

#[cfg(feature = "kafka")]
#[test]
fn kafka_is_held_to_the_same() {
    assert_eq!(
        broker(&format!("kafkas://shop:{STRONG}@one.example,two.example:9094/?replication=3")).0,
        [""; 0]
    );
    for url in ["kafkas://one.example/", "kafkas://kafka:kafka@one.example/"] {
        let (keys, said) = broker(url);
        assert_eq!(keys, ["broker_url"], "{url}");
        assert!(said.contains("can be guessed"), "{said}");
    }
    // One of several hosts is enough.
    let (keys, said) = broker(&format!("kafka://shop:{STRONG}@localhost,two.example/"));
    assert_eq!(keys, ["broker_url"]);
    assert!(said.contains("two.example") && said.contains("kafkas:"), "{said}");
    assert_eq!(broker(&format!("kafka://shop:{STRONG}@[::1]:9092/")).0, [""; 0]);
    assert_eq!(broker(&format!("kafkas://shop:{STRONG}@one.example/?acks=0")).0, ["broker_url"]);
}

#[cfg(not(feature = "kafka"))]
#[test]
fn a_build_without_kafka_is_refused_before_it_starts() {
    let (keys, said) = broker(&format!("kafkas://shop:{STRONG}@one.example/"));
    assert_eq!(keys, ["broker_url"]);
    assert!(said.contains("feature `kafka`") && !said.contains(STRONG), "{said}");
}

#[test]
fn a_private_network_is_taken_at_its_word() {
    let settings = Settings {
        store_url: Some(format!("postgres://shopping:{STRONG}@db/shopping")),
        broker_url: format!("amqp://shop:{STRONG}@rabbit/"),
        private_network: true,
        ..good()
    };
    assert_eq!(complaints(&settings, &Service::ALL).0, [""; 0]);
}

#[test]
fn the_sandbox_has_to_be_meant() {
    let settings = Settings { payment_provider: None, ..good() };
    assert_eq!(complaints(&settings, &Service::ALL).0, ["payment_provider"]);
    assert_eq!(complaints(&settings, &[Service::Shopping]).0, [""; 0]);
}

#[test]
fn failed_logins_are_counted_by_client() {
    let settings = Settings { client_ip_header: None, ..good() };
    assert_eq!(complaints(&settings, &Service::ALL).0, ["client_ip_header"]);
    assert_eq!(complaints(&settings, &[Service::Payment]).0, [""; 0]);
}

#[test]
fn what_services_share_is_said_once_and_what_they_do_not_by_its_own_name() {
    let settings = Settings {
        store_url: Some("postgres://mercato:mercato@localhost/{service}".to_owned()),
        payment_store_url: Some("postgres://payment:payment@localhost/payment".to_owned()),
        ..good()
    };
    assert_eq!(complaints(&settings, &Service::ALL).0, ["store_url", "payment_store_url"]);
}

#[test]
fn keys_are_supplied() {
    let folder = std::env::temp_dir().join(format!("mercato-no-keys-{}", uuid::Uuid::new_v4()));
    let settings = Settings { keys: Some(folder), ..good() };
    let said = check(&settings, &Service::ALL).unwrap_err().to_string();
    assert!(said.contains("mercato keys rotate"), "{said}");
    check(&settings, &[Service::Shopping]).unwrap();
}
