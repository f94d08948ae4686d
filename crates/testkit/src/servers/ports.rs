//! Free ports on loopback.

use std::{
    collections::HashSet,
    fs,
    net::{Ipv4Addr, TcpListener},
    sync::{LazyLock, Mutex, PoisonError},
};

/// Where they begin.
const FIRST: u16 = 15_000;

/// A port that nobody listens on, and that this process is not given again.
///
/// It lies below those that the system gives to connections on their way out: a server that is down for a moment finds its
/// port still free when it comes back.
///
/// # Panics
/// If a thousand in a row are taken.
#[must_use]
pub fn free() -> u16 {
    static GIVEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let span = lowest_outgoing().saturating_sub(FIRST).max(1_000);
    for _ in 0..1_000 {
        let port =
            FIRST + u16::try_from(uuid::Uuid::new_v4().as_u128() % u128::from(span)).unwrap_or_default();
        if !given.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            given.insert(port);
            return port;
        }
    }
    panic!("no free port from {FIRST} on");
}

/// The first port that connections on their way out are given.
fn lowest_outgoing() -> u16 {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    range.split_whitespace().next().and_then(|port| port.parse().ok()).unwrap_or(32_768)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let given: HashSet<u16> = (0..50).map(|_| free()).collect();
        assert_eq!(given.len(), 50);
        assert!(given.iter().all(|port| *port < lowest_outgoing()));
    }
}
