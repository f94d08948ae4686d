//! A private PostgreSQL cluster.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;
use tokio_postgres::NoTls;
use uuid::Uuid;

use super::{
    Certificate, Ending, Lifetime, ServerError, ServerProcess, ports,
    process::{Launch, run_as},
    programs,
    user::User,
};

const NAME: &str = "postgres";
const ADMINISTRATOR: &str = "administrator";
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// As honest as in production (`fsync`, `full_page_writes` and `synchronous_commit` are on), and small.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 64MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 512MB
jit = off
password_encryption = scram-sha-256
log_min_messages = warning
log_checkpoints = off
log_line_prefix = '%m [%p] %u@%d '
timezone = UTC
log_timezone = UTC
";

/// A running cluster.
#[derive(Debug)]
pub struct Postgres {
    process: ServerProcess,
    cluster: Cluster,
    roles: BTreeMap<String, String>,
    // Last, so that the server has ended before its data goes.
    _home: Option<TempDir>,
}

/// Where a cluster is, and how it is started.
#[derive(Clone, Debug)]
struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    user: Option<User>,
    lifetime: Lifetime,
    port: u16,
    password: String,
}

impl Postgres {
    /// Makes a cluster in a folder that goes with it, starts it, and waits until it answers.
    ///
    /// # Errors
    /// If PostgreSQL is missing, or does not start.
    pub async fn start() -> Result<Self, ServerError> {
        Self::start_at_home(None).await
    }

    /// The same, taking TLS as well, with `certificate`.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub async fn start_with_tls(certificate: &Certificate) -> Result<Self, ServerError> {
        Self::start_at_home(Some(certificate)).await
    }

    async fn start_at_home(certificate: Option<&Certificate>) -> Result<Self, ServerError> {
        let home = tempfile::Builder::new().prefix("mercato-postgres-").tempdir();
        let home = home.map_err(ServerError::io("making a folder for PostgreSQL"))?;
        let postgres = Self::start_cluster(home.path(), Lifetime::WithUs, certificate).await?;
        Ok(Self { _home: Some(home), ..postgres })
    }

    /// The same in `folder`, which stays. If we are root, the way there has to be open to other users.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub async fn start_in(folder: &Path, lifetime: Lifetime) -> Result<Self, ServerError> {
        Self::start_cluster(folder, lifetime, None).await
    }

    async fn start_cluster(
        folder: &Path,
        lifetime: Lifetime,
        certificate: Option<&Certificate>,
    ) -> Result<Self, ServerError> {
        let cluster = Cluster {
            programs: programs::postgres()?,
            folder: folder.to_owned(),
            user: User::ordinary(NAME),
            lifetime,
            port: ports::free(),
            password: Uuid::new_v4().simple().to_string(),
        };
        cluster.make(certificate).await?;
        let process = cluster.launch()?;
        let mut postgres = Self { process, cluster, roles: BTreeMap::new(), _home: None };
        postgres.until_ready().await?;
        postgres.close_to_the_public(&["postgres", "template1"]).await?;
        Ok(postgres)
    }

    /// Makes a database and a role of the same name, which owns it and can connect to no other.
    ///
    /// # Errors
    /// If there is one already, or the server cannot be asked.
    pub async fn create_database(&mut self, name: &str) -> Result<(), ServerError> {
        let password = Uuid::new_v4().simple().to_string();
        let (quoted, client) = (quote(name), self.administrator().await?);
        let role = format!(
            "CREATE ROLE {quoted} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '{password}'"
        );
        // Each by itself: a database is not made within a transaction.
        for statement in [role, format!("CREATE DATABASE {quoted} OWNER {quoted}")] {
            client.execute(&statement, &[]).await.map_err(|error| self.refused(&error))?;
        }
        self.close_to_the_public(&[name]).await?;
        self.roles.insert(name.to_owned(), password);
        Ok(())
    }

    /// Where the database `name` is, as the role that owns it; one that [`Postgres::create_database`] did not make, as
    /// the administrator.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        let Some(password) = self.roles.get(name) else { return self.administrator_url(name) };
        format!("postgres://{name}:{password}@127.0.0.1:{}/{name}", self.cluster.port)
    }

    /// Where the database `name` is, as the administrator.
    #[must_use]
    pub fn administrator_url(&self, name: &str) -> String {
        let Cluster { port, password, .. } = &self.cluster;
        format!("postgres://{ADMINISTRATOR}:{password}@127.0.0.1:{port}/{name}")
    }

    /// A connection as the administrator, for what tests want to know of the server itself.
    ///
    /// # Errors
    /// If the server cannot be reached.
    pub async fn administrator(&self) -> Result<tokio_postgres::Client, ServerError> {
        let connecting = tokio_postgres::connect(&self.administrator_url("postgres"), NoTls).await;
        let (client, connection) = connecting.map_err(|error| self.refused(&error))?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Ends it as `pg_ctl stop -m fast` does: what is under way is rolled back, everything is written.
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
        self.process = self.cluster.launch()?;
        self.until_ready().await
    }

    /// Its port on loopback.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.cluster.port
    }

    /// The folder of its programs, such as `psql`, `pg_dump` and `pgbench`.
    #[must_use]
    pub fn programs(&self) -> &Path {
        &self.cluster.programs
    }

    /// Its process.
    pub const fn process(&mut self) -> &mut ServerProcess {
        &mut self.process
    }

    async fn until_ready(&mut self) -> Result<(), ServerError> {
        let url = self.administrator_url("postgres");
        let answers = || async { tokio_postgres::connect(&url, NoTls).await.is_ok() };
        self.process.until(START_LIMIT, answers).await
    }

    /// By default everybody may connect to every database.
    async fn close_to_the_public(&self, databases: &[&str]) -> Result<(), ServerError> {
        let client = self.administrator().await?;
        for database in databases {
            let statement = format!("REVOKE ALL ON DATABASE {} FROM PUBLIC", quote(database));
            client.execute(&statement, &[]).await.map_err(|error| self.refused(&error))?;
        }
        Ok(())
    }

    fn refused(&self, error: &tokio_postgres::Error) -> ServerError {
        let said = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
        self.process.failure(format!("refused: {said}"))
    }
}

impl Cluster {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    async fn make(&self, certificate: Option<&Certificate>) -> Result<(), ServerError> {
        let making = || ServerError::io("making a PostgreSQL cluster");
        fs::create_dir_all(&self.folder).map_err(making())?;
        if let Some(certificate) = certificate {
            certificate.write(&self.folder)?;
        }
        let secret = self.folder.join("password");
        fs::write(&secret, &self.password).map_err(making())?;
        User::hand_over(self.user, &self.folder)?;
        let mut initdb = Command::new(self.programs.join("initdb"));
        initdb.args(["--no-sync", "--no-instructions", "--auth=scram-sha-256", "--encoding=UTF8"]);
        initdb.args(["--locale=C.UTF-8", "--username", ADMINISTRATOR]);
        initdb.arg("--pwfile").arg(&secret).arg("--pgdata").arg(self.data()).current_dir(&self.folder);
        let log = self.folder.join("initdb.log");
        if let Err(said) = run_as(self.user, &initdb).await.map_err(making())? {
            fs::write(&log, said).ok();
            return Err(ServerError::failed("initdb", "failed", &log));
        }
        fs::remove_file(&secret).map_err(making())?;
        let folder = self.folder.display();
        let sockets = format!("unix_socket_directories = '{folder}'\nport = {}\n", self.port);
        let tls = certificate.map_or_else(String::new, |_| {
            format!("ssl = on\nssl_cert_file = '{folder}/server.pem'\nssl_key_file = '{folder}/server.key'\n")
        });
        let mut settings =
            OpenOptions::new().append(true).open(self.data().join("postgresql.conf")).map_err(making())?;
        settings.write_all(format!("{SETTINGS}{sockets}{tls}").as_bytes()).map_err(making())
    }

    fn launch(&self) -> Result<ServerProcess, ServerError> {
        let mut command = Command::new(self.programs.join("postgres"));
        command.arg("-D").arg(self.data()).current_dir(&self.folder);
        let launch = Launch {
            name: NAME,
            user: self.user,
            lifetime: self.lifetime,
            orderly: Ending::Int,
            // An immediate shutdown: it takes its shared memory along, which a kill would leave.
            hurried: Ending::Quit,
            log: &self.folder.join("postgres.log"),
        };
        launch.start(&command)
    }
}

fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}
