//! A private RabbitMQ node, with an epmd of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use uuid::Uuid;

use super::{
    Certificate, Ending, Lifetime, ServerError, ServerProcess, ports,
    process::{Launch, run_as},
    programs,
    user::User,
};

const NAME: &str = "rabbitmq";
const LOGIN: &str = "mercato";
const START_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// How long a node may take to greet.
const GREETING_LIMIT: Duration = Duration::from_secs(1);
/// What a client says first, for AMQP 0-9-1 (section 4.2.2 of its specification).
const PROTOCOL: &[u8; 8] = b"AMQP\x00\x00\x09\x01";

/// A running node.
#[derive(Debug)]
pub struct RabbitMq {
    process: ServerProcess,
    epmd: ServerProcess,
    node: Node,
    // Last, so that the node has ended before its data goes.
    _home: Option<TempDir>,
}

/// Where a node is, and how it is started.
#[derive(Clone, Debug)]
struct Node {
    folder: PathBuf,
    user: Option<User>,
    lifetime: Lifetime,
    port: u16,
    tls_port: u16,
    epmd_port: u16,
    distribution_port: u16,
    password: String,
}

impl RabbitMq {
    /// Starts a node in a folder that goes with it, and waits until it greets.
    ///
    /// # Errors
    /// If RabbitMQ is missing, or does not start.
    pub async fn start() -> Result<Self, ServerError> {
        Self::start_at_home(None).await
    }

    /// The same, taking TLS at a port of its own, with `certificate`.
    ///
    /// # Errors
    /// As [`RabbitMq::start`].
    pub async fn start_with_tls(certificate: &Certificate) -> Result<Self, ServerError> {
        Self::start_at_home(Some(certificate)).await
    }

    async fn start_at_home(certificate: Option<&Certificate>) -> Result<Self, ServerError> {
        let home = tempfile::Builder::new().prefix("mercato-rabbitmq-").tempdir();
        let home = home.map_err(ServerError::io("making a folder for RabbitMQ"))?;
        let rabbitmq = Self::start_node(home.path(), Lifetime::WithUs, certificate).await?;
        Ok(Self { _home: Some(home), ..rabbitmq })
    }

    /// The same in `folder`, which stays. If we are root, the way there has to be open to other users.
    ///
    /// # Errors
    /// As [`RabbitMq::start`].
    pub async fn start_in(folder: &Path, lifetime: Lifetime) -> Result<Self, ServerError> {
        Self::start_node(folder, lifetime, None).await
    }

    async fn start_node(
        folder: &Path,
        lifetime: Lifetime,
        certificate: Option<&Certificate>,
    ) -> Result<Self, ServerError> {
        let node = Node {
            folder: folder.to_owned(),
            user: User::ordinary(NAME),
            lifetime,
            port: ports::free(),
            tls_port: ports::free(),
            epmd_port: ports::free(),
            distribution_port: ports::free(),
            password: Uuid::new_v4().simple().to_string(),
        };
        node.make(certificate)?;
        let epmd = node.launch_epmd()?;
        let process = node.launch()?;
        let mut rabbitmq = Self { process, epmd, node, _home: None };
        rabbitmq.until_ready().await?;
        Ok(rabbitmq)
    }

    /// Where it is, with its default virtual host.
    #[must_use]
    pub fn url(&self) -> String {
        let Node { password, port, .. } = &self.node;
        format!("amqp://{LOGIN}:{password}@127.0.0.1:{port}/")
    }

    /// The same with TLS, at `host`, which has to be a name of 127.0.0.1.
    #[must_use]
    pub fn tls_url(&self, host: &str) -> String {
        let Node { password, tls_port, .. } = &self.node;
        format!("amqps://{LOGIN}:{password}@{host}:{tls_port}/")
    }

    /// Where it is, with the virtual host `name`.
    #[must_use]
    pub fn url_of(&self, name: &str) -> String {
        format!("{}{name}", self.url())
    }

    /// Makes a virtual host: a broker of its own, as far as its clients can see.
    ///
    /// # Errors
    /// If the node cannot be asked.
    pub async fn create_virtual_host(&self, name: &str) -> Result<(), ServerError> {
        self.control(&["add_vhost", name]).await?;
        self.control(&["set_permissions", "--vhost", name, LOGIN, ".*", ".*", ".*"]).await
    }

    /// `rabbitmqctl ARGUMENTS`, which takes a second or two.
    ///
    /// # Errors
    /// If it fails; the error has what it said.
    pub async fn control(&self, arguments: &[&str]) -> Result<(), ServerError> {
        let mut command = self.node.command(&programs::rabbitmq()?.with_file_name("rabbitmqctl"));
        command.args(["--quiet", "--node", &self.node.name()]).args(arguments);
        let ran = run_as(self.node.user, &command).await.map_err(ServerError::io("running rabbitmqctl"))?;
        ran.map_err(|said| self.process.failure(format!("refused {arguments:?}: {said}")))
    }

    /// Ends it in an orderly way.
    ///
    /// # Errors
    /// If it does not end in time.
    pub async fn stop(&mut self) -> Result<(), ServerError> {
        self.process.stop(STOP_LIMIT).await
    }

    /// Ends it as a power cut would, but for what the system has not written yet.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same data and at the same port; one that still runs is stopped first.
    ///
    /// # Errors
    /// If it does not end, or does not start.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        if !self.process.has_ended() {
            self.stop().await?;
        }
        self.process = self.node.launch()?;
        self.until_ready().await
    }

    /// Its port on loopback.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.node.port
    }

    /// Its processes: the node, and the epmd that it is found by.
    pub const fn processes(&mut self) -> [&mut ServerProcess; 2] {
        [&mut self.process, &mut self.epmd]
    }

    async fn until_ready(&mut self) -> Result<(), ServerError> {
        let port = self.node.port;
        self.process.until(START_LIMIT, || greets(port)).await
    }
}

/// Whether a broker answers at `port`: its listener is the last of what a node starts.
async fn greets(port: u16) -> bool {
    let greeting = async {
        let mut connection = TcpStream::connect(("127.0.0.1", port)).await?;
        connection.write_all(PROTOCOL).await?;
        // A frame of type 1, which is a method: Connection.Start.
        connection.read_u8().await
    };
    matches!(timeout(GREETING_LIMIT, greeting).await, Ok(Ok(1)))
}

impl Node {
    fn name(&self) -> String {
        format!("mercato{}@localhost", self.port)
    }

    fn make(&self, certificate: Option<&Certificate>) -> Result<(), ServerError> {
        let Self { folder, port, tls_port, password, .. } = self;
        let mut settings = format!(
            "listeners.tcp.1 = 127.0.0.1:{port}\n\
             default_user = {LOGIN}\n\
             default_pass = {password}\n\
             loopback_users.{LOGIN} = true\n\
             vm_memory_high_watermark.absolute = 512MiB\n\
             disk_free_limit.absolute = 64MiB\n\
             log.file = false\n\
             log.console = true\n\
             log.console.level = warning\n"
        );
        let making = || ServerError::io("making a RabbitMQ node");
        fs::create_dir_all(folder).map_err(making())?;
        if let Some(certificate) = certificate {
            certificate.write(folder)?;
            let folder = folder.display();
            settings += &format!(
                "listeners.ssl.1 = 127.0.0.1:{tls_port}\n\
                 ssl_options.cacertfile = {folder}/authority.pem\n\
                 ssl_options.certfile = {folder}/server.pem\n\
                 ssl_options.keyfile = {folder}/server.key\n\
                 ssl_options.verify = verify_none\n"
            );
        }
        fs::write(folder.join("rabbitmq.conf"), settings).map_err(making())?;
        fs::write(folder.join("enabled_plugins"), "[].\n").map_err(making())?;
        User::hand_over(self.user, folder)
    }

    /// A program of RabbitMQ's with nothing in its environment that is not said here.
    fn command(&self, program: &Path) -> Command {
        let Self { folder, epmd_port, distribution_port, .. } = self;
        let mut command = Command::new("env");
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.arg("-i").arg(format!("PATH={}", path.to_string_lossy()));
        let in_folder = |name: &str| folder.join(name).display().to_string();
        let variables = [
            ("HOME", folder.display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
            ("RABBITMQ_CONF_ENV_FILE", "/dev/null".to_owned()),
            ("RABBITMQ_NODENAME", self.name()),
            ("RABBITMQ_CONFIG_FILE", in_folder("rabbitmq.conf")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", in_folder("enabled_plugins")),
            ("RABBITMQ_MNESIA_BASE", in_folder("data")),
            ("RABBITMQ_LOG_BASE", in_folder("log")),
            ("RABBITMQ_LOGS", "-".to_owned()),
            ("RABBITMQ_GENERATED_CONFIG_DIR", in_folder("generated")),
            ("RABBITMQ_DIST_PORT", distribution_port.to_string()),
            ("ERL_EPMD_PORT", epmd_port.to_string()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
            // The start script becomes the node, rather than to wait for it and to handle signals in its place.
            ("RABBITMQ_ALLOW_INPUT", "1".to_owned()),
            (
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "+S 1:1 +sbwt none -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}".to_owned(),
            ),
        ];
        command.args(variables.map(|(variable, value)| format!("{variable}={value}")));
        command.arg(program).current_dir(folder);
        command
    }

    fn launch_epmd(&self) -> Result<ServerProcess, ServerError> {
        let mut command = Command::new(programs::epmd()?);
        command.args(["-address", "127.0.0.1", "-port", &self.epmd_port.to_string()]);
        command.current_dir(&self.folder);
        self.launch_as("epmd", Ending::Kill, &command)
    }

    fn launch(&self) -> Result<ServerProcess, ServerError> {
        let mut command = self.command(&programs::rabbitmq()?);
        command.arg("-noinput");
        self.launch_as(NAME, Ending::Term, &command)
    }

    fn launch_as(
        &self,
        name: &str,
        orderly: Ending,
        command: &Command,
    ) -> Result<ServerProcess, ServerError> {
        let launch = Launch {
            name,
            user: self.user,
            lifetime: self.lifetime,
            orderly,
            hurried: Ending::Kill,
            log: &self.folder.join(format!("{name}.log")),
        };
        launch.start(command)
    }
}
