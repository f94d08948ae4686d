//! Where a server is and how it is reached, as its URL says: for those who judge that, not for those who connect.

use std::net::IpAddr;

/// What the URL of a database or of a broker says. It has no `Debug`, since there is a password in it.
pub struct Endpoint {
    /// As whom.
    pub user: String,
    /// With which password.
    pub password: String,
    /// The hosts that are reached by a network; none if it is a Unix socket.
    pub hosts: Vec<String>,
    /// Whether every connection is encrypted and the server's certificate verified.
    pub verified: bool,
}

impl Endpoint {
    /// Whether nothing of what is said leaves this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.hosts.iter().all(|host| {
            let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
            host == "localhost" || address.is_ok_and(|address| address.is_loopback())
        })
    }
}
