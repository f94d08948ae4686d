//! Where Kafka is: what its URL says.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use super::names::Names;
use crate::endpoint::Endpoint;

/// Where brokers listen if the URL does not say.
const PORT: u16 = 9_092;
/// Hours that events are kept. An inbox knows for seven days what it has applied, and what is kept for longer than that
/// would be applied twice if it were read again; a day is left for the broker, which removes whole segments only.
const RETENTION_HOURS: u64 = 6 * 24;
/// The SASL mechanisms that it can speak, beside which there is nothing to be had without Kerberos or a token service.
const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

/// A Kafka cluster, with the credentials for it, and how topics are made there.
#[derive(Clone, Debug)]
pub(super) struct Address {
    hosts: Vec<(String, u16)>,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) mechanism: String,
    pub(super) tls: bool,
    /// Whom to trust in place of the system's roots.
    pub(super) cacertfile: Option<String>,
    /// What topics and groups are called there.
    pub(super) names: Names,
    pub(super) layout: Layout,
}

/// How topics are made that are not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Partitions of each topic: as many instances of a service can share its work.
    pub(super) partitions: i32,
    /// Copies of each partition; if it is not said, three, or as many as there are brokers.
    pub(super) replication: Option<i32>,
    /// How long events are kept.
    pub(super) retention: Duration,
}

impl Address {
    /// What `kafka://user:password@host:9092,host:9092/?…` or `kafkas://…` (TLS) says. The parameters are `prefix`, which
    /// keeps several shops in one cluster apart, `partitions`, `replication`, `retention_hours`, `mechanism` (of SASL,
    /// `SCRAM-SHA-512` if there is a user and nothing is said), and `cacertfile`, the PEM file of a private authority.
    ///
    /// # Errors
    /// What is wrong with it; never the URL itself, which has a password in it.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or("it names no host")?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, hosts) = place.rsplit_once('@').unwrap_or(("", place));
        let hosts = hosts.trim_end_matches('/');
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        let mut address = Self {
            hosts: hosts.split(',').map(host).collect::<Result<_, _>>()?,
            user: decoded(user)?,
            password: decoded(password)?,
            mechanism: "SCRAM-SHA-512".to_owned(),
            tls: scheme == "kafkas",
            cacertfile: None,
            names: Names::new("")?,
            layout: Layout {
                partitions: 12,
                replication: None,
                retention: Duration::from_hours(RETENTION_HOURS),
            },
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            address.set(&name, &value)?;
        }
        Ok(address)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "prefix" => self.names = Names::new(value)?,
            "partitions" => self.layout.partitions = number(name, value, 1_000)?,
            "replication" => self.layout.replication = Some(number(name, value, 15)?),
            "retention_hours" => {
                let hours: u64 = number(name, value, 24 * 366)?;
                self.layout.retention = Duration::from_hours(hours);
            }
            "mechanism" if MECHANISMS.contains(&value) => value.clone_into(&mut self.mechanism),
            "mechanism" => return Err(format!("its mechanism is none of {}", MECHANISMS.join(", "))),
            "cacertfile" => {
                std::fs::metadata(value).map_err(|error| format!("the cacertfile {value}: {error}"))?;
                self.cacertfile = Some(value.to_owned());
            }
            _ => return Err(format!("it has a parameter {name}, which means nothing")),
        }
        Ok(())
    }

    /// The brokers to ask for all others, as librdkafka wants them.
    pub(super) fn servers(&self) -> String {
        let servers: Vec<String> = self.hosts.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        servers.join(",")
    }

    /// The same for those who judge it.
    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint {
            user: self.user.clone(),
            password: self.password.clone(),
            hosts: self.hosts.iter().map(|(host, _)| host.clone()).collect(),
            verified: self.tls,
        }
    }
}

/// A host, which may be an IPv6 address in brackets, and its port.
fn host(text: &str) -> Result<(String, u16), String> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            (host, port.parse().map_err(|_| "a port is no number".to_owned())?)
        }
        _ => (text, PORT),
    };
    if host.is_empty() {
        return Err("it names no host".to_owned());
    }
    Ok((host.to_owned(), port))
}

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| "its user or password is no text".to_owned())
}

fn number<T: std::str::FromStr + PartialOrd + From<u8> + std::fmt::Display>(
    name: &str,
    value: &str,
    most: T,
) -> Result<T, String> {
    let number = value.parse().ok().filter(|number| *number >= T::from(1) && *number <= most);
    number.ok_or_else(|| format!("its {name} is no number from 1 to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_brokers_and_credentials() {
        let address =
            Address::parse("kafkas://shop:s%40crets+@one:9093,two,[::1]:9094/?mechanism=PLAIN").unwrap();
        assert_eq!(address.servers(), "one:9093,two:9092,[::1]:9094");
        assert_eq!((address.user.as_str(), address.password.as_str()), ("shop", "s@crets+"));
        assert_eq!((address.tls, address.mechanism.as_str()), (true, "PLAIN"));
        let plain = Address::parse("kafka://localhost").unwrap();
        assert_eq!(
            (plain.servers(), plain.tls, plain.user),
            ("localhost:9092".to_owned(), false, String::new())
        );
    }

    #[test]
    fn a_url_says_how_topics_are_made() {
        let layout = |url| Address::parse(url).unwrap().layout;
        let default = Layout { partitions: 12, replication: None, retention: Duration::from_hours(144) };
        assert_eq!(layout("kafka://localhost/"), default);
        assert_eq!(
            layout("kafka://localhost/?partitions=3&replication=2&retention_hours=24"),
            Layout { partitions: 3, replication: Some(2), retention: Duration::from_hours(24) }
        );
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for url in [
            "kafka:",
            "kafka://u:secret@",
            "kafka://u:secret@h:port",
            "kafka://u:secret@h/?prefix=a%20b",
            "kafka://u:secret@h/?partitions=0",
            "kafka://u:secret@h/?replication=many",
            "kafka://u:secret@h/?mechanism=GSSAPI",
            "kafka://u:secret@h/?cacertfile=/nowhere/at/all.pem",
            "kafka://u:secret@h/?partition=3",
        ] {
            let error = Address::parse(url).expect_err(url);
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
