//! What may be set, and where from: defaults, then `mercato.toml` in the working directory (or the file that
//! `MERCATO_CONFIG` names), then `MERCATO_*` in the environment, then the command line.
//!
//! Each field below is a key of the file and, in capitals behind `MERCATO_`, a variable: `broker_url` is
//! `MERCATO_BROKER_URL`. `MERCATO_BROKER_URL_FILE` names a file that says it, which is what secrets are kept in.

mod files;
mod mask;
mod stores;

use std::{net::IpAddr, path::PathBuf, time::Duration};

use contracts::Service;
use figment::{
    Figment,
    providers::{Env, Format as _, Serialized, Toml},
};
use platform::telemetry::{Format, TelemetrySettings};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// All settings, with their defaults.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the embedded default keeps everything.
    pub data: PathBuf,
    /// The address to listen on.
    pub address: IpAddr,
    /// The port of the front, or of a service that is served alone. 0 is any free one.
    pub port: Option<u16>,
    /// Where services keep what they own: `sqlite:FOLDER`, or `postgres://USER:PASSWORD@HOST/{service}` with a database for
    /// each. By default in `data`.
    pub store_url: Option<String>,
    /// Where the customer service keeps what it owns, if elsewhere than `store_url` says.
    pub customer_store_url: Option<String>,
    /// Where the products service keeps what it owns, if elsewhere than `store_url` says.
    pub products_store_url: Option<String>,
    /// Where the shopping service keeps what it owns, if elsewhere than `store_url` says.
    pub shopping_store_url: Option<String>,
    /// Where the payment service keeps what it owns, if elsewhere than `store_url` says.
    pub payment_store_url: Option<String>,
    /// How services talk: `memory:` is within this process.
    pub broker_url: String,
    /// The name of this instance, as `whoami` tells it. By default made of the host's name and the process id.
    pub instance: Option<String>,
    /// The header that a proxy in front sets to the client's address, such as `X-Real-IP`. Only for a server that nobody
    /// but the proxy can reach.
    pub client_ip_header: Option<String>,
    /// The folder of the keys that sign tokens. By default in `data`.
    pub keys: Option<PathBuf>,
    /// What is logged: a level, or filters as in `info,platform=debug`.
    pub log: String,
    /// How it is logged: `human` or `json`.
    pub log_format: LogFormat,
    /// Where errors are reported: a DSN of Sentry or of what speaks its protocol.
    pub sentry_dsn: Option<String>,
    /// The name of this deployment in error reports. `production`, `prod`, and those that begin so as `production-eu`, are
    /// started with safe settings only: see [`crate::production`].
    pub environment: String,
    /// Whether databases and the broker are reached over a network in which nobody else can listen, so that production
    /// demands no TLS there.
    pub private_network: bool,
    /// Who moves the money. By default the sandbox, which in production has to be said.
    pub payment_provider: Option<PaymentProvider>,
    /// How long another service is waited for, in milliseconds.
    pub rpc_timeout_ms: u64,
    /// How long an access token is good, in seconds.
    pub access_token_secs: u64,
    /// How long a session lives that is not used, in seconds.
    pub refresh_token_secs: u64,
    /// How long stock is held for an order, in seconds.
    pub reservation_secs: u64,
    /// How long an answer of the payment provider is waited for, in milliseconds.
    pub payment_timeout_ms: u64,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Who moves the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentProvider {
    /// Nobody: it only looks like it.
    Sandbox,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: "mercato-data".into(),
            address: IpAddr::from([127, 0, 0, 1]),
            port: None,
            store_url: None,
            customer_store_url: None,
            products_store_url: None,
            shopping_store_url: None,
            payment_store_url: None,
            broker_url: "memory:".to_owned(),
            instance: None,
            client_ip_header: None,
            keys: None,
            log: "warn".to_owned(),
            log_format: LogFormat::Human,
            sentry_dsn: None,
            environment: "development".to_owned(),
            private_network: false,
            payment_provider: None,
            rpc_timeout_ms: 2_000,
            access_token_secs: 15 * 60,
            refresh_token_secs: 30 * 24 * 60 * 60,
            reservation_secs: 15 * 60,
            payment_timeout_ms: 3_000,
        }
    }
}

/// A setting that makes no sense. The process ends with exit code 2.
#[derive(Debug, Error)]
#[error("bad setting: {0}")]
pub struct BadSetting(pub String);

/// What the command line may say in place of the other sources.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Overrides {
    /// See [`Settings::data`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// See [`Settings::address`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// See [`Settings::port`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

impl Settings {
    /// Reads all sources.
    ///
    /// # Errors
    /// [`BadSetting`] that names the key and the source.
    pub fn read(overrides: &Overrides) -> Result<Self, BadSetting> {
        let file = std::env::var_os("MERCATO_CONFIG").map(PathBuf::from);
        let toml = file.map_or_else(|| Toml::file("mercato.toml"), Toml::file_exact);
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let files = Self::from_files(variables)?;
        let settings: Self = Figment::from(Serialized::defaults(Self::default()))
            .merge(toml)
            .merge(Env::prefixed("MERCATO_").filter(|name| is_key(name.as_str())))
            .merge(Serialized::defaults(files))
            .merge(Serialized::defaults(overrides))
            .extract()
            .map_err(|error| BadSetting(error.to_string()))?;
        settings.check()?;
        Ok(settings)
    }

    /// The variables in the environment that look like settings and are none, and so do nothing: most are misspelt.
    pub fn unknown_variables() -> Vec<String> {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        names.filter(|name| is_unknown(name)).collect()
    }

    fn check(&self) -> Result<(), BadSetting> {
        for service in Service::ALL {
            self.store_url(service)?;
        }
        let durations = [
            ("rpc_timeout_ms", self.rpc_timeout_ms, 60_000),
            ("access_token_secs", self.access_token_secs, customer::LONGEST_ACCESS.as_secs()),
            ("refresh_token_secs", self.refresh_token_secs, 366 * 24 * 60 * 60),
            ("reservation_secs", self.reservation_secs, 24 * 60 * 60),
            // A void that comes too late is followed by a refund, both within what a timer's handler may take.
            ("payment_timeout_ms", self.payment_timeout_ms, 6_000),
        ];
        for (key, value, most) in durations {
            if value == 0 || value > most {
                return Err(BadSetting(format!("{key} is {value} and has to be from 1 to {most}")));
            }
        }
        Ok(())
    }

    /// Whether only safe settings will do.
    pub fn is_production(&self) -> bool {
        let name = self.environment.trim().split(|it: char| !it.is_alphabetic()).next().unwrap_or_default();
        name.eq_ignore_ascii_case("production") || name.eq_ignore_ascii_case("prod")
    }

    /// The folder of the keys that sign tokens.
    pub fn keys(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| self.data.join("keys"))
    }

    /// The name of this instance.
    pub fn instance(&self) -> String {
        self.instance.clone().unwrap_or_else(|| {
            let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
            let host = if host.trim().is_empty() { "mercato" } else { host.trim() };
            format!("{host}-{}", std::process::id())
        })
    }

    /// The port of `service` when it is served alone.
    pub fn port_of(&self, service: Service) -> u16 {
        self.port.unwrap_or_else(|| service.default_port())
    }

    /// How long an access token is good.
    pub const fn access_ttl(&self) -> Duration {
        Duration::from_secs(self.access_token_secs)
    }

    /// How long another service is waited for.
    pub const fn rpc_timeout(&self) -> Duration {
        Duration::from_millis(self.rpc_timeout_ms)
    }

    /// Logs and error reports.
    pub fn telemetry(&self) -> TelemetrySettings {
        TelemetrySettings {
            format: match self.log_format {
                LogFormat::Human => Format::Human,
                LogFormat::Json => Format::Json,
            },
            filter: self.log.clone(),
            sentry_dsn: self.sentry_dsn.clone(),
            environment: self.environment.clone(),
            release: concat!("mercato@", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Variables that are none of these are for others, such as the tests.
fn is_key(name: &str) -> bool {
    let known = serde_json::to_value(Settings::default()).unwrap_or_default();
    known.get(name.to_ascii_lowercase()).is_some()
}

/// Beginnings of the names of variables that are for others: the gateway, tests, and a program that is built to be broken.
const FOR_OTHERS: [&str; 8] =
    ["GATEWAY_", "TEST_", "SEED", "SHAPE", "CLOCK", "CRASH_AT", "DISORDER", "WITHOUT"];

/// Whether the variable `name` looks like a setting and is none.
fn is_unknown(name: &str) -> bool {
    let Some(key) = name.strip_prefix("MERCATO_") else { return false };
    let key_of_file = key.strip_suffix("_FILE").unwrap_or(key);
    let known = key == "CONFIG" || is_key(key) || is_key(key_of_file);
    !known && !FOR_OTHERS.iter().any(|beginning| key.starts_with(beginning))
}

#[cfg(test)]
mod tests;
