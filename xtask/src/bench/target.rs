//! The shop that is measured: where it is, and which processes it is made of.

use std::{
    fs::OpenOptions,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::ValueEnum;
use contracts::Service;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use testkit::Mercato;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use super::client::Connection;

/// How long a shop may take until it is ready, and until it has ended.
const LIMIT: Duration = Duration::from_secs(30);
/// How long the audit may take: it reads every order that was placed.
const AUDIT_LIMIT: Duration = Duration::from_mins(10);

/// What a shop is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Shape {
    /// One process, SQLite, the in-process broker
    Embedded,
}

/// A shop that can be started again and again on the same data, which goes with this value.
pub(super) struct Premises {
    shape: Shape,
    mercato: Mercato,
    home: TempDir,
}

/// A running shop. Its processes end with this value, whatever happens.
pub(super) struct Target {
    /// Where requests go: on loopback.
    pub front: SocketAddr,
    /// The time from starting it until every service was ready.
    pub started_in: Duration,
    /// The login of staff, if this was the first start.
    pub staff: Option<StaffLogin>,
    processes: Vec<Running>,
}

/// A login.
#[derive(Clone, Debug, Serialize)]
pub(super) struct StaffLogin {
    email: String,
    password: String,
}

/// A child process, and its standard output, which stays open as long as it runs.
struct Running {
    child: Child,
    /// What it said before it took connections.
    staff: Option<StaffLogin>,
    lines: Lines<BufReader<ChildStdout>>,
}

/// What the audit found, as far as it is looked at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Audit {
    /// Whether every invariant holds.
    pub holds: bool,
    /// The names of the invariants that do not.
    pub broken: Vec<String>,
    /// Messages that a person has to look at.
    pub dead_letters: u64,
}

impl Audit {
    /// Whether nothing is wrong, and nothing waits for a person.
    pub const fn is_clean(&self) -> bool {
        self.holds && self.dead_letters == 0
    }
}

impl Premises {
    /// A place for a shop of this shape, run from the binary at `path`.
    pub fn new(shape: Shape, path: PathBuf) -> anyhow::Result<Self> {
        let home = tempfile::tempdir().context("cannot make a folder for the shop")?;
        let mercato = Mercato::new(path).data(home.path().join("data")).folder(home.path());
        // The customers sign up once, however long the benchmark takes.
        let mercato = mercato.set("MERCATO_ACCESS_TOKEN_SECS", "86400");
        Ok(Self { shape, mercato, home })
    }

    /// Starts the shop, and waits until every service is ready.
    ///
    /// # Errors
    /// If it is not in time; the message has what it logged.
    pub async fn start(&self) -> anyhow::Result<Target> {
        let started = match self.shape {
            Shape::Embedded => self.start_embedded().await,
        };
        started.with_context(|| format!("the shop did not start; it logged:\n{}", self.log()))
    }

    async fn start_embedded(&self) -> anyhow::Result<Target> {
        let begin = Instant::now();
        let mut process = Running::spawn(&self.mercato, &["serve", "--port", "0"], &self.log_file())?;
        let front = process.front("gateway: http://").await?;
        let mut connection = Connection::new(front)?;
        for service in Service::ALL {
            connection.until_ready(&format!("/{service}/health/ready"), LIMIT).await?;
        }
        let staff = process.staff.take();
        Ok(Target { front, started_in: begin.elapsed(), staff, processes: vec![process] })
    }

    /// Starts only `service`, in a process of its own on data of its own, and waits until it is ready.
    ///
    /// # Errors
    /// If it is not in time.
    pub async fn start_alone(&self, service: Service) -> anyhow::Result<Target> {
        let begin = Instant::now();
        let mercato = self.mercato.clone().data(self.home.path().join(format!("{service}-alone")));
        let arguments = ["serve", service.name(), "--port", "0"];
        let mut process = Running::spawn(&mercato, &arguments, &self.log_file())?;
        let front = process.front(&format!("{service}: http://")).await?;
        Connection::new(front)?.until_ready("/health/ready", LIMIT).await?;
        Ok(Target { front, started_in: begin.elapsed(), staff: None, processes: vec![process] })
    }

    /// What `mercato audit` finds in the data, whether the shop runs or not.
    ///
    /// # Errors
    /// If it does not end in time, or gives no report.
    pub async fn audit(&self) -> anyhow::Result<Audit> {
        let mut command = Command::from(self.mercato.command(&["audit", "--json"]));
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(AUDIT_LIMIT, command.output()).await.context("the audit does not end")??;
        let report: testkit::shop::Report = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("no report: {}", String::from_utf8_lossy(&output.stderr)))?;
        let broken = report.invariants.into_iter().filter(|it| it.violations > 0).map(|it| it.name).collect();
        let holds = report.holds && output.status.success();
        Ok(Audit { holds, broken, dead_letters: report.dead_letters })
    }

    /// The last lines that the shop logged.
    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.log_file()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("mercato.log")
    }
}

impl Target {
    /// The processes that serve, without those which they have started.
    pub fn pids(&self) -> Vec<u32> {
        self.processes.iter().filter_map(|process| process.child.id()).collect()
    }

    /// Asks the shop to end, and waits until it has.
    ///
    /// # Errors
    /// If it does not end in time, or not well.
    pub async fn stop(self) -> anyhow::Result<()> {
        for process in self.processes {
            process.stop().await?;
        }
        Ok(())
    }
}

impl StaffLogin {
    fn parse(line: &str) -> Option<Self> {
        let (email, password) = line.split_once(' ')?;
        Some(Self { email: email.to_owned(), password: password.to_owned() })
    }
}

impl Running {
    fn spawn(mercato: &Mercato, arguments: &[&str], log: &Path) -> anyhow::Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(log).context("cannot write a log")?;
        let mut command = Command::from(mercato.command(arguments));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().context("cannot run the shop")?;
        let stdout = child.stdout.take().context("no standard output")?;
        Ok(Self { child, staff: None, lines: BufReader::new(stdout).lines() })
    }

    /// Reads on until it says where it takes connections, behind `prefix`.
    async fn front(&mut self, prefix: &str) -> anyhow::Result<SocketAddr> {
        loop {
            let line = timeout(LIMIT, self.lines.next_line()).await.context("it says nothing")??;
            let line = line.context("it has ended")?;
            if let Some(login) = line.strip_prefix("staff: ") {
                self.staff = StaffLogin::parse(login);
            }
            if let Some(address) = line.strip_prefix(prefix) {
                return address.parse().with_context(|| format!("no address: {address}"));
            }
        }
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        kill_process(pid.context("the shop has ended by itself")?, Signal::TERM)?;
        let status = timeout(LIMIT, self.child.wait()).await.context("the shop does not end")??;
        anyhow::ensure!(status.success(), "the shop ended with {status}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_is_not_clean() {
        let clean = Audit { holds: true, broken: Vec::new(), dead_letters: 0 };
        assert!(clean.is_clean());
        assert!(!Audit { dead_letters: 1, ..clean }.is_clean());
    }

    #[test]
    fn the_staff_login_is_an_address_and_a_password() {
        let login = StaffLogin::parse("staff@mercato.example s3cret").unwrap();
        assert_eq!((&*login.email, &*login.password), ("staff@mercato.example", "s3cret"));
        assert!(StaffLogin::parse("staff@mercato.example").is_none());
    }
}
