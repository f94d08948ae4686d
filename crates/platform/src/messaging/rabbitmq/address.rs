//! Where RabbitMQ is: what its URL says.

use std::fmt::Display;

use lapin::{
    tcp::OwnedTLSConfig,
    uri::{AMQPScheme, AMQPUri},
};
use url::Url;

use super::names::Names;
use crate::endpoint::Endpoint;

/// Seconds between heartbeats: a peer that is silent for twice as long is gone.
const HEARTBEAT: u16 = 10;
/// Bytes. lapin keeps 32 frames in each of four buffers, which is most of what it needs; RabbitMQ 4 takes no less
/// than 8,192.
const FRAME_MAX: u32 = 16_384;

/// A RabbitMQ node or the balancer before several, with the credentials for it.
pub(super) struct Address {
    /// What lapin connects to.
    pub(super) uri: AMQPUri,
    /// Whom to trust beside the system's roots, for `amqps:`.
    pub(super) tls: OwnedTLSConfig,
    /// What exchanges and queues are called there.
    pub(super) names: Names,
}

impl Address {
    /// What `amqp://user:password@host:5672/vhost` or `amqps://…` says. No path, or `/` alone, is the virtual host `/`.
    /// Beside lapin's own parameters (`heartbeat`, `frame_max`) it takes `prefix`, which keeps several shops on one
    /// virtual host apart, and `cacertfile`, the PEM file of a private authority.
    ///
    /// # Errors
    /// What is wrong with it; never the URL itself, which has a password in it.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let parsed = Url::parse(url).map_err(reason)?;
        // lapin's parser would repeat such a URL, with the password in it.
        if parsed.cannot_be_a_base() {
            return Err("it has no // before the host".to_owned());
        }
        let mut uri: AMQPUri = url.parse()?;
        // lapin's parser takes an IPv6 address for no host at all.
        let host = parsed.host_str().filter(|host| !host.is_empty()).ok_or("it names no host")?;
        uri.authority.host = host.trim_matches(['[', ']']).to_owned();
        if uri.vhost.is_empty() {
            uri.vhost = "/".to_owned();
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        uri.query.frame_max.get_or_insert(FRAME_MAX);

        let parameter =
            |name: &str| parsed.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
        let names = Names::new(parameter("prefix").as_deref().unwrap_or_default())?;
        let authority = parameter("cacertfile").map(|path| {
            std::fs::read_to_string(&*path).map_err(|error| format!("the cacertfile {path}: {error}"))
        });
        let tls = OwnedTLSConfig { identity: None, cert_chain: authority.transpose()? };
        Ok(Self { uri, tls, names })
    }

    /// The same for those who judge it.
    pub(super) fn endpoint(&self) -> Endpoint {
        let AMQPUri { scheme, authority, .. } = &self.uri;
        Endpoint {
            user: authority.userinfo.username.clone(),
            password: authority.userinfo.password.clone(),
            hosts: vec![authority.host.clone()],
            verified: *scheme == AMQPScheme::AMQPS,
        }
    }
}

fn reason(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded;

    use super::*;

    #[test]
    fn a_url_names_host_port_and_virtual_host() {
        let address = Address::parse("amqp://shop:s%40crets@[::1]:5673/mercato").unwrap();
        let authority = address.uri.authority;
        assert_eq!((authority.host.as_str(), authority.port), ("::1", 5673));
        assert_eq!(
            (authority.userinfo.password.as_str(), address.uri.vhost.as_str()),
            ("s@crets", "mercato")
        );
    }

    #[test]
    fn without_a_virtual_host_it_is_the_default_one() {
        for url in ["amqp://localhost", "amqp://localhost/", "amqp://localhost/%2f"] {
            assert_eq!(Address::parse(url).unwrap().uri.vhost, "/", "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for url in [
            "amqp:",
            "amqp:u:secret@h",
            "amqp://u:secret@h:port",
            "amqp://u:secret@h?prefix=a%20b",
            "amqp://u:secret@h?heartbeat=x",
        ] {
            let error = Address::parse(url).err().expect(url);
            assert!(!error.contains("secret"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_a_url_says_is_what_is_connected_to(
            user in "[a-z]{1,9}", password in "[!-~]{1,20}", host in "[a-z][a-z0-9.]{0,20}[a-z]", port in 1..=u16::MAX, vhost in "[a-z]{1,9}",
        ) {
            let encoded: String = form_urlencoded::byte_serialize(password.as_bytes()).collect();
            let encoded = encoded.replace('+', "%20");
            let address = Address::parse(&format!("amqp://{user}:{encoded}@{host}:{port}/{vhost}")).unwrap();
            let authority = address.uri.authority;
            prop_assert_eq!((authority.host, authority.port, address.uri.vhost), (host, port, vhost));
            prop_assert_eq!((authority.userinfo.username, authority.userinfo.password), (user, password));
        }

        #[test]
        fn whatever_the_url_its_password_is_not_told(rest in "\\PC{0,30}|[a-z0-9:/?@#%&=.\\[\\]-]{0,40}", before in "amqps?:/{0,3}|\\PC{0,8}") {
            for url in [format!("{before}u:s3cr3t-w0rd@{rest}"), format!("{before}{rest}")] {
                if let Err(error) = Address::parse(&url) {
                    prop_assert!(!error.contains("s3cr3t-w0rd"), "{}", error);
                }
                if let Err(error) = crate::messaging::connect::endpoint(&url) {
                    let scheme_alone = !url.contains(':') || url.starts_with(&before);
                    prop_assert!(scheme_alone && !error.to_string().contains("s3cr3t-w0rd"), "{}", error);
                }
            }
        }
    }
}
