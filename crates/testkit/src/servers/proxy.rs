//! A TCP proxy before a server of our own, in which the network can be as bad as networks get.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use serde::Serialize;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::sleep,
};

use super::{ServerError, ports};

/// What the network is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weather {
    /// As it should be.
    Clear,
    /// All that is sent arrives this much later.
    Latency(Duration),
    /// Nothing arrives, in either direction, and nobody is told. It does once this is over, as what is sent again does.
    BlackHole,
    /// Nothing arrives at the server; what it says does arrive.
    Deaf,
    /// Nothing that the server says arrives; it hears everything.
    Mute,
    /// Every connection is reset, those that there are and those that come.
    Reset,
}

/// A proxy before a server on loopback. It ends with this value, and all of its connections with it.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    weather: watch::Sender<Weather>,
    running: AbortHandle,
}

impl Proxy {
    /// Takes connections to the server at `target`, a port of loopback.
    ///
    /// # Errors
    /// If it cannot listen.
    pub async fn start(target: u16) -> Result<Self, ServerError> {
        let port = ports::free();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.map_err(ServerError::io("listening as a proxy"))?;
        let (weather, seen) = watch::channel(Weather::Clear);
        let target = SocketAddr::from((Ipv4Addr::LOCALHOST, target));
        let carry = move |client| carry(client, target, seen.clone());
        let running = tokio::spawn(accept(listener, carry)).abort_handle();
        Ok(Self { port, weather, running })
    }

    /// Its port on loopback.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Changes the weather, for the connections that there are and those that come.
    pub fn turn(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Hands each connection to `carry`, and ends with all of them.
pub(super) async fn accept<C>(listener: TcpListener, carry: impl Fn(TcpStream) -> C)
where
    C: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    connections.spawn(carry(client));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Carries one connection, until either end closes it or the weather resets it.
async fn carry(mut client: TcpStream, target: SocketAddr, weather: watch::Receiver<Weather>) {
    let mut storm = weather.clone();
    let carried = async {
        may_pass(Direction::ToServer, &mut weather.clone()).await;
        let Ok(mut server) = TcpStream::connect(target).await else { return };
        client.set_nodelay(true).ok();
        server.set_nodelay(true).ok();
        // Its end is an abrupt one for the server, too.
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::select! {
            () = pump(from_client, to_server, Direction::ToServer, weather.clone()) => {}
            () = pump(from_server, to_client, Direction::ToClient, weather.clone()) => {}
        }
    };
    let reset = tokio::select! {
        () = carried => false,
        reset = storm.wait_for(|weather| *weather == Weather::Reset) => reset.is_ok(),
    };
    if reset {
        // Closed with nothing lingering, which TCP does by a reset.
        client.set_zero_linger().ok();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToServer,
    ToClient,
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    direction: Direction,
    mut weather: watch::Receiver<Weather>,
) {
    let mut buffer = vec![0; 16 * 1_024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        may_pass(direction, &mut weather).await;
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// Waits until something on its way in this direction arrives.
async fn may_pass(direction: Direction, weather: &mut watch::Receiver<Weather>) {
    loop {
        let now = *weather.borrow_and_update();
        match (now, direction) {
            (Weather::BlackHole, _)
            | (Weather::Deaf, Direction::ToServer)
            | (Weather::Mute, Direction::ToClient) => {}
            (Weather::Latency(late), _) => return sleep(late).await,
            _ => return,
        }
        if weather.changed().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::time::timeout;

    use super::*;

    /// A server that says everything back, and a connection to it by a proxy.
    async fn echo() -> (Proxy, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = client.split();
                    tokio::io::copy(&mut from, &mut to).await.ok();
                });
            }
        });
        let proxy = Proxy::start(port).await.unwrap();
        let client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap();
        (proxy, client)
    }

    async fn say(client: &mut TcpStream) -> std::io::Result<u8> {
        client.write_u8(7).await?;
        client.read_u8().await
    }

    const MOMENT: Duration = Duration::from_millis(100);

    #[tokio::test]
    async fn what_is_said_in_a_black_hole_arrives_when_it_is_over() {
        let (proxy, mut client) = echo().await;
        assert_eq!(say(&mut client).await.unwrap(), 7);
        for weather in [Weather::BlackHole, Weather::Deaf, Weather::Mute] {
            proxy.turn(weather);
            client.write_u8(8).await.unwrap();
            assert!(timeout(MOMENT, client.read_u8()).await.is_err(), "{weather:?}");
            proxy.turn(Weather::Clear);
            assert_eq!(client.read_u8().await.unwrap(), 8, "{weather:?}");
        }
    }

    #[tokio::test]
    async fn latency_counts_in_each_direction() {
        let (proxy, mut client) = echo().await;
        proxy.turn(Weather::Latency(MOMENT));
        let said = Instant::now();
        assert_eq!(say(&mut client).await.unwrap(), 7);
        assert!(said.elapsed() >= MOMENT * 2, "{:?}", said.elapsed());
    }

    #[tokio::test]
    async fn a_reset_ends_the_connections_there_are_and_those_that_come() {
        let (proxy, mut client) = echo().await;
        assert_eq!(say(&mut client).await.unwrap(), 7);
        proxy.turn(Weather::Reset);
        let mut late = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap();
        for client in [&mut client, &mut late] {
            let read = timeout(Duration::from_secs(5), client.read_u8()).await.expect("an end");
            assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        }
        proxy.turn(Weather::Clear);
        let mut later = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap();
        assert_eq!(say(&mut later).await.unwrap(), 7);
    }
}
