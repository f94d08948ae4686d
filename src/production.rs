//! What is not good enough for production: a process that says that it is in production starts only with secrets of its
//! own, with connections that nobody can listen to, and with nothing that was made up on the way.

use std::fmt;

use contracts::Service;
use platform::{chaos, endpoint::Endpoint, messaging};
use thiserror::Error;

use crate::settings::{BadSetting, Settings};

/// A password with fewer characters is guessed.
const SHORTEST: usize = 12;
/// What people type when they mean to come back to it, without what is not a letter.
const WELL_KNOWN: [&str; 10] = [
    "admin",
    "administrator",
    "changeme",
    "guest",
    "kafka",
    "mercato",
    "password",
    "postgres",
    "rabbitmq",
    "secret",
];

/// Something that has to be set in another way before the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    setting: String,
    reason: String,
}

/// All that stands against a start in production. The process ends with exit code 2.
#[derive(Debug, Error)]
#[error("not started, since this is production (environment) and there is something to mend:{}", lines(.0))]
pub struct Refused(Vec<Refusal>);

/// Whether `services` may be served in production with `settings`.
///
/// # Errors
/// [`Refused`] with everything that stands against it.
pub fn check(settings: &Settings, services: &[Service]) -> Result<(), Refused> {
    let mut found = refusals(settings, services);
    if services.contains(&Service::Customer) {
        // The one thing that settings alone do not tell.
        let keys = customer::check_keys(&settings.keys());
        found.extend(keys.err().map(|error| Refusal::new("keys", error.to_string())));
    }
    if found.is_empty() { Ok(()) } else { Err(Refused(found)) }
}

/// What stands against serving `services` in production, as far as `settings` tell.
fn refusals(settings: &Settings, services: &[Service]) -> Vec<Refusal> {
    let whole_shop = Service::ALL.iter().all(|service| services.contains(service));
    let mut found: Vec<Refusal> = program().into_iter().collect();
    found.extend(services.iter().flat_map(|service| store(settings, *service, whole_shop)));
    found.extend(broker(settings, whole_shop));
    if services.contains(&Service::Payment) && settings.payment_provider.is_none() {
        let reason = "the only provider is a sandbox that moves no money: say \"sandbox\" if that is meant";
        found.push(Refusal::new("payment_provider", reason));
    }
    if services.contains(&Service::Customer) && settings.client_ip_header.is_none() {
        let reason = "clients come through a proxy, since the program speaks no TLS, and failed logins of all of them \
                      would count as one client's: name the header in which the proxy gives their address, such as X-Real-IP";
        found.push(Refusal::new("client_ip_header", reason));
    }
    // What several services share is said once.
    let mut said = Vec::new();
    found.retain(|refusal| {
        let new = !said.contains(refusal);
        said.push(refusal.clone());
        new
    });
    found
}

/// A program that can be told to lose an order is for tests.
fn program() -> Option<Refusal> {
    let reason =
        "this program was built to be broken on purpose (the cargo feature `chaos`): build it without";
    chaos::BUILT_IN.then(|| Refusal::new("program", reason))
}

fn store(settings: &Settings, service: Service, whole_shop: bool) -> Vec<Refusal> {
    let setting = settings.store_key(service);
    let endpoint = settings
        .store_url(service)
        .and_then(|url| url.endpoint(service).map_err(|error| BadSetting(error.to_string())));
    match endpoint {
        Err(error) => vec![Refusal::new(&setting, error.to_string())],
        Ok(Some(endpoint)) => server(&setting, "sslmode=verify-full", &endpoint, settings.private_network),
        Ok(None) if whole_shop => Vec::new(),
        Ok(None) => {
            let reason = "SQLite is for the whole shop in one process: name a PostgreSQL database";
            vec![Refusal::new(&setting, reason)]
        }
    }
}

fn broker(settings: &Settings, whole_shop: bool) -> Vec<Refusal> {
    let setting = "broker_url";
    match messaging::endpoint(&settings.broker_url) {
        Err(error) => vec![Refusal::new(setting, error.to_string())],
        Ok(Some(endpoint)) => {
            let tls = if settings.broker_url.starts_with("kafka") { "kafkas:" } else { "amqps:" };
            server(setting, tls, &endpoint, settings.private_network)
        }
        Ok(None) if whole_shop => Vec::new(),
        Ok(None) => {
            let reason = "memory: reaches nobody outside of this process: name a broker";
            vec![Refusal::new(setting, reason)]
        }
    }
}

/// What stands against `endpoint`, which `setting` names, and which is verified if it has `tls` in its URL.
fn server(setting: &str, tls: &str, endpoint: &Endpoint, private_network: bool) -> Vec<Refusal> {
    let mut found = Vec::new();
    // Over a Unix socket the server may know by itself who it is.
    let needed = !endpoint.hosts.is_empty() || !endpoint.password.is_empty();
    if needed && is_guessable(&endpoint.user, &endpoint.password) {
        let user = &endpoint.user;
        let reason = format!(
            "the password of '{user}' can be guessed: give it {SHORTEST} characters or more that were drawn at random"
        );
        found.push(Refusal::new(setting, reason));
    }
    if !endpoint.verified && !endpoint.is_local() && !private_network {
        let host = endpoint.hosts.join(", ");
        let reason = format!(
            "what goes to {host} is neither encrypted nor is the server verified: use {tls}, or set private_network if \
             nobody else can listen there"
        );
        found.push(Refusal::new(setting, reason));
    }
    found
}

fn is_guessable(user: &str, password: &str) -> bool {
    let letters = password.to_lowercase().replace(|letter: char| !letter.is_alphabetic(), "");
    password.chars().count() < SHORTEST
        || password.eq_ignore_ascii_case(user)
        || WELL_KNOWN.contains(&letters.as_str())
}

impl Refusal {
    fn new(setting: &str, reason: impl Into<String>) -> Self {
        Self { setting: setting.to_owned(), reason: reason.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.reason)
    }
}

fn lines(refusals: &[Refusal]) -> String {
    refusals.iter().map(|refusal| format!("\n  {refusal}")).collect()
}

#[cfg(test)]
mod tests;
