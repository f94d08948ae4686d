//! The HTTP server: Rocket, set up as this shop wants it.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rocket::{
    Build, Config, Rocket, Route,
    config::{Ident, LogLevel, Shutdown},
    data::{Limits, ToByteUnit as _},
    error::ErrorKind,
    fairing::AdHoc,
    http::uncased::Uncased,
};
use thiserror::Error;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{catchers, method_override::NoMethodOverride, trailing_slash::TrailingSlash};

/// How long a request that is under way at the end may go on, in seconds; streams are cut off then.
const GRACE: u32 = 3;
/// How long a connection then has to close in an orderly way, in seconds.
const MERCY: u32 = 1;
/// How long all of that may take; then what is left ends with the process.
const ENDING: Duration = Duration::from_secs((GRACE + MERCY + 1) as u64);
/// That connections are kept, as nginx wants it. Rocket takes the number for no more than that with HTTP/1: it is the client that
/// closes an idle connection, or the gateway.
const KEEP_ALIVE: u32 = 75;
/// How long a JSON body may be, in KiB.
const JSON_LIMIT_KIB: u64 = 64;

/// Why a server did not start, or did not go on.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Somebody else listens there.
    #[error("{0} is in use: stop what listens there, or choose another port")]
    PortTaken(SocketAddr),
    /// The system does not let us listen there.
    #[error("{0} may not be listened on: ports below 1024 need the right to, so choose another port")]
    PortForbidden(SocketAddr),
    /// No interface of this machine has the address.
    #[error("{0} is no address of this machine: choose another to listen on")]
    NoSuchAddress(SocketAddr),
    /// Anything else, such as two routes that collide.
    #[error("the HTTP server failed: {0}")]
    Failed(String),
}

type Setup = Box<dyn FnOnce(Rocket<Build>) -> Rocket<Build> + Send>;

/// An HTTP server to be.
pub struct Server {
    address: IpAddr,
    port: u16,
    client_ip_header: Option<String>,
    mounts: Vec<(String, Vec<Route>)>,
    setups: Vec<Setup>,
}

impl Default for Server {
    /// On loopback, at any free port, with no routes.
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            client_ip_header: None,
            mounts: Vec::new(),
            setups: Vec::new(),
        }
    }
}

impl Server {
    /// Listens on `address` at `port`; 0 is any free one.
    #[must_use]
    pub fn new(address: IpAddr, port: u16) -> Self {
        Self { address, port, ..Self::default() }
    }

    /// Adds `routes` under `prefix`, such as `/customer`, or `/`. A prefix that is no path is a panic.
    #[must_use]
    pub fn mount(mut self, prefix: impl Into<String>, routes: Vec<Route>) -> Self {
        self.mounts.push((prefix.into(), routes));
        self
    }

    /// Believes this header, such as `X-Real-IP`, about the client's address. Only for a server that nobody but a proxy
    /// that sets the header can reach.
    #[must_use]
    pub fn client_ip_header(mut self, header: Option<String>) -> Self {
        self.client_ip_header = header;
        self
    }

    /// Lets `setup` add what it likes, such as managed state.
    #[must_use]
    pub fn with(mut self, setup: impl FnOnce(Rocket<Build>) -> Rocket<Build> + Send + 'static) -> Self {
        self.setups.push(Box::new(setup));
        self
    }

    /// The Rocket behind it: for tests that need no socket.
    #[must_use]
    pub fn rocket(self) -> Rocket<Build> {
        let rocket = Rocket::custom(self.config());
        let rocket = rocket.attach(TrailingSlash).attach(NoMethodOverride).register("/", catchers());
        let rocket =
            self.mounts.into_iter().fold(rocket, |rocket, (prefix, routes)| rocket.mount(prefix, routes));
        self.setups.into_iter().fold(rocket, |rocket, setup| setup(rocket))
    }

    fn config(&self) -> Config {
        Config {
            address: self.address,
            port: self.port,
            ident: Ident::try_new("mercato").unwrap_or_default(),
            ip_header: self.client_ip_header.clone().map(Uncased::from_owned),
            limits: Limits::default().limit("json", JSON_LIMIT_KIB.kibibytes()),
            keep_alive: KEEP_ALIVE,
            log_level: LogLevel::Off,
            cli_colors: false,
            // The process handles signals, for all of its servers at once, and does not let one end it.
            shutdown: Shutdown {
                ctrlc: false,
                #[cfg(unix)]
                signals: std::collections::HashSet::new(),
                grace: GRACE,
                mercy: MERCY,
                force: false,
                ..Shutdown::default()
            },
            ..Config::release_default()
        }
    }

    /// Serves until `shutdown`, and then until what is under way is done, for some four seconds at most. `on_ready` is
    /// told the address once connections are taken.
    ///
    /// # Errors
    ///
    /// See [`ServeError`].
    pub async fn serve(
        self,
        shutdown: CancellationToken,
        on_ready: impl FnOnce(SocketAddr) + Send + 'static,
    ) -> Result<(), ServeError> {
        let wanted = SocketAddr::new(self.address, self.port);
        let (held, connections) = oneshot::channel();
        let rocket = self
            .rocket()
            .manage(UntilDropped(held))
            .attach(liftoff(on_ready))
            .ignite()
            .await
            .map_err(|error| explain(&error, wanted))?;
        let ending = rocket.shutdown();
        tokio::select! {
            result = rocket.launch() => return result.map(drop).map_err(|error| explain(&error, wanted)),
            () = shutdown.cancelled() => ending.notify(),
        }
        // Rocket's own end waits out the whole grace if there is any connection. The listener is gone with `launch`;
        // the connections, told to end, each hold the Rocket until they have, and no longer.
        let _ = tokio::time::timeout(ENDING, connections).await;
        Ok(())
    }
}

/// Rocket drops this when it is itself dropped, and so closes the channel.
struct UntilDropped(#[expect(dead_code, reason = "it is there to be dropped")] oneshot::Sender<()>);

fn liftoff(on_ready: impl FnOnce(SocketAddr) + Send + 'static) -> AdHoc {
    // Rocket wants the closure to be `Sync`; the mutex makes it so.
    let on_ready = Mutex::new(on_ready);
    AdHoc::on_liftoff("ready", move |rocket| {
        let address = SocketAddr::new(rocket.config().address, rocket.config().port);
        on_ready.into_inner().unwrap_or_else(PoisonError::into_inner)(address);
        Box::pin(async {})
    })
}

/// What `error` means. Looking at its kind also keeps Rocket from panicking when it is dropped.
fn explain(error: &rocket::Error, wanted: SocketAddr) -> ServeError {
    match error.kind() {
        ErrorKind::Bind(cause) | ErrorKind::Io(cause) => match cause.kind() {
            io::ErrorKind::AddrInUse => ServeError::PortTaken(wanted),
            io::ErrorKind::PermissionDenied => ServeError::PortForbidden(wanted),
            io::ErrorKind::AddrNotAvailable => ServeError::NoSuchAddress(wanted),
            _ => ServeError::Failed(cause.to_string()),
        },
        ErrorKind::Collisions(collisions) => {
            ServeError::Failed(format!("routes collide: {:?}", collisions.routes))
        }
        kind => ServeError::Failed(kind.to_string()),
    }
}

#[cfg(test)]
mod tests;
