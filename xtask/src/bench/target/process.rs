//! A process of `mercato serve` that the benchmark has started itself.

use std::{fs::OpenOptions, net::SocketAddr, path::Path, process::Stdio};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use testkit::Mercato;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use super::{LIMIT, StaffLogin};

/// A child process, and its standard output, which stays open as long as it runs.
pub(super) struct Running {
    child: Child,
    /// What it said before it took connections.
    pub staff: Option<StaffLogin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    /// The process id, unless it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    pub fn spawn(mercato: &Mercato, arguments: &[&str], log: &Path) -> anyhow::Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(log).context("cannot write a log")?;
        let mut command = Command::from(mercato.command(arguments));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().context("cannot run the shop")?;
        let stdout = child.stdout.take().context("no standard output")?;
        Ok(Self { child, staff: None, lines: BufReader::new(stdout).lines() })
    }

    /// Reads on until it says where it takes connections, behind `prefix`.
    pub async fn front(&mut self, prefix: &str) -> anyhow::Result<SocketAddr> {
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

    pub async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        kill_process(pid.context("the shop has ended by itself")?, Signal::TERM)?;
        let status = timeout(LIMIT, self.child.wait()).await.context("the shop does not end")??;
        anyhow::ensure!(status.success(), "the shop ended with {status}");
        Ok(())
    }
}
