//! The gateway: nginx, set up by `deploy/gateway` as anywhere else.

use std::{
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use contracts::Service;
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::{
    Ending, Lifetime, ServerError, ServerProcess, ports,
    process::{Launch, run_as},
    programs,
    user::User,
};

const NAME: &str = "nginx";
const START_LIMIT: Duration = Duration::from_secs(20);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// What a gateway stands before, and what is set for it: see `deploy/gateway/render`.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    instances: BTreeMap<Service, Vec<SocketAddr>>,
    settings: BTreeMap<String, String>,
}

impl Gateway {
    /// A gateway before nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with these instances of `service` and no others.
    #[must_use]
    pub fn instances(mut self, service: Service, instances: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.instances.insert(service, instances.into_iter().collect());
        self
    }

    /// The same with `MERCATO_GATEWAY_NAME` set to `value`.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.insert(name.to_owned(), value.into());
        self
    }

    /// Makes the folder that nginx is started in.
    fn render(&self, folder: &Path) -> Result<(), ServerError> {
        let script: PathBuf =
            [env!("CARGO_MANIFEST_DIR"), "..", "..", "deploy", "gateway", "render"].iter().collect();
        let mut command = Command::new("sh");
        command.arg(script).arg(folder);
        for service in Service::ALL {
            let instances = self.instances.get(&service).map(Vec::as_slice).unwrap_or_default();
            // A service that there is none of has an instance where nobody listens (the port for that is 9, "discard").
            let nowhere = [SocketAddr::from(([127, 0, 0, 1], 9))];
            let instances = if instances.is_empty() { &nowhere } else { instances };
            let list: Vec<String> = instances.iter().map(ToString::to_string).collect();
            command.env(format!("MERCATO_GATEWAY_{}", service.name().to_uppercase()), list.join(" "));
        }
        for (name, value) in &self.settings {
            command.env(format!("MERCATO_GATEWAY_{name}"), value);
        }
        let rendering = || ServerError::io("rendering the gateway's configuration");
        let output = command.output().map_err(rendering())?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(()) } else { Err(rendering()(io::Error::other(said.into_owned()))) }
    }
}

/// A running nginx.
#[derive(Debug)]
pub struct Nginx {
    process: ServerProcess,
    place: Place,
    gateway: Gateway,
    // Last, so that the server has ended before its folder goes.
    _home: Option<TempDir>,
}

/// Where an nginx is, and how it is started.
#[derive(Clone, Debug)]
struct Place {
    program: PathBuf,
    folder: PathBuf,
    user: Option<User>,
    lifetime: Lifetime,
    port: u16,
}

impl Nginx {
    /// Starts `gateway` in a folder that goes with it, and waits until it takes connections.
    ///
    /// # Errors
    /// If nginx is missing, or does not like its configuration.
    pub async fn start(gateway: Gateway) -> Result<Self, ServerError> {
        let home = tempfile::Builder::new().prefix("mercato-nginx-").tempdir();
        let home = home.map_err(ServerError::io("making a folder for nginx"))?;
        let nginx = Self::start_in(home.path(), gateway, Lifetime::WithUs).await?;
        Ok(Self { _home: Some(home), ..nginx })
    }

    /// The same in `folder`, which stays. If we are root, the way there has to be open to other users.
    ///
    /// # Errors
    /// As [`Nginx::start`].
    pub async fn start_in(folder: &Path, gateway: Gateway, lifetime: Lifetime) -> Result<Self, ServerError> {
        let (port, user) = (ports::free(), User::ordinary("www-data"));
        let place = Place { program: programs::nginx()?, folder: folder.to_owned(), user, lifetime, port };
        fs::create_dir_all(folder).map_err(ServerError::io("making a folder for nginx"))?;
        place.prepare(&gateway).await?;
        let mut nginx = Self { process: place.launch()?, place, gateway, _home: None };
        nginx.until_ready().await?;
        Ok(nginx)
    }

    /// Where it takes connections, such as `http://127.0.0.1:18000`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where it takes connections.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.place.port))
    }

    /// The folder with its configuration and its logs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.place.folder
    }

    /// What it stands before, and what is set for it.
    #[must_use]
    pub const fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Sends nothing new to an instance, counted from 1, until [`Nginx::undrain`]; what it has begun, it ends. Has no
    /// effect on the only instance of a service.
    ///
    /// # Errors
    /// If the file that says so cannot be made.
    pub fn drain(&self, service: Service, number: usize) -> Result<(), ServerError> {
        fs::write(self.drain_file(service, number), "")
            .map_err(ServerError::io(format!("draining {service}-{number}")))
    }

    /// Sends requests to the instance again.
    ///
    /// # Errors
    /// If it was not being drained.
    pub fn undrain(&self, service: Service, number: usize) -> Result<(), ServerError> {
        let file = self.drain_file(service, number);
        fs::remove_file(file).map_err(ServerError::io(format!("ending the draining of {service}-{number}")))
    }

    fn drain_file(&self, service: Service, number: usize) -> PathBuf {
        self.place.folder.join("drain").join(format!("{service}-{number}"))
    }

    /// Puts `gateway` in place of what it was, without a break for requests that are under way.
    ///
    /// # Errors
    /// If nginx does not like it; it then goes on as before.
    pub async fn reload(&mut self, gateway: Gateway) -> Result<(), ServerError> {
        self.place.prepare(&gateway).await?;
        let command = self.place.command(&["-s", "reload"]);
        let ran = run_as(self.place.user, &command).await.map_err(ServerError::io("reloading nginx"))?;
        ran.map_err(|said| self.process.failure(format!("was not reloaded: {said}")))?;
        self.gateway = gateway;
        Ok(())
    }

    /// Ends it once all requests are answered.
    ///
    /// # Errors
    /// If it does not end in time.
    pub async fn stop(&mut self) -> Result<(), ServerError> {
        self.process.stop(STOP_LIMIT).await
    }

    /// Ends it and its workers at once.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again at the same port; one that still runs is stopped first.
    ///
    /// # Errors
    /// If it does not end, or does not start.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        if !self.process.has_ended() {
            self.stop().await?;
        }
        self.process = self.place.launch()?;
        self.until_ready().await
    }

    /// Its process.
    pub const fn process(&mut self) -> &mut ServerProcess {
        &mut self.process
    }

    async fn until_ready(&mut self) -> Result<(), ServerError> {
        let address = self.address();
        self.process.until(START_LIMIT, || async move { TcpStream::connect(address).await.is_ok() }).await
    }
}

impl Place {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-p").arg(&self.folder).arg("-c").arg(self.folder.join("nginx.conf")).args(arguments);
        command.current_dir(&self.folder);
        command
    }

    /// Renders, and lets nginx check it.
    async fn prepare(&self, gateway: &Gateway) -> Result<(), ServerError> {
        let listen = SocketAddr::from(([127, 0, 0, 1], self.port)).to_string();
        gateway.clone().set("LISTEN", listen).render(&self.folder)?;
        User::hand_over(self.user, &self.folder)?;
        let checked = run_as(self.user, &self.command(&["-t", "-q"])).await;
        let log = self.folder.join("check.log");
        checked.map_err(ServerError::io("checking nginx's configuration"))?.map_err(|said| {
            fs::write(&log, said).ok();
            ServerError::failed(NAME, "does not like its configuration", &log)
        })
    }

    fn launch(&self) -> Result<ServerProcess, ServerError> {
        let launch = Launch {
            name: NAME,
            user: self.user,
            lifetime: self.lifetime,
            orderly: Ending::Quit,
            // Its workers would survive a kill of their master.
            hurried: Ending::Term,
            log: &self.folder.join("nginx.log"),
        };
        launch.start(&self.command(&["-g", "daemon off;"]))
    }
}
