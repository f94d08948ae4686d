//! The Docker engine: the one that runs, or one of our own that ends with us.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow, bail, ensure};

use crate::needs::packages;

/// What the stand-ins are made with, and the bundle is unpacked with.
const TOOLS: &str = "binutils debian-archive-keyring debootstrap python3 unzip";
/// What is installed besides where there is no engine.
const ENGINE: &str = "ca-certificates docker-compose docker.io iptables";
/// How long a command may take, in seconds: an image from nothing on a busy machine.
const LIMIT: &str = "1200";
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// An engine that answers.
pub(crate) struct Engine {
    host: String,
    daemon: Option<Daemon>,
}

/// Why there is none.
pub(crate) enum NoEngine {
    /// This machine has none, and we may not start one.
    NotHere(String),
    /// One should have come up, and did not.
    Failed(anyhow::Error),
}

/// A daemon that was started here.
struct Daemon {
    process: Child,
    // Its socket, and what it has said. What it keeps is elsewhere, and stays for the next time.
    folder: tempfile::TempDir,
}

impl Engine {
    /// The engine that `DOCKER_HOST` names or that runs on this machine; otherwise one of our own. The images are made by
    /// debootstrap, for which this has to be Debian or what is made from it, as root.
    pub(crate) fn find_or_start() -> Result<Self, NoEngine> {
        let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
        let running = Self { host, daemon: None };
        let answers = running.answers();
        if !packages::can_install() {
            let engine = if answers { "" } else { "no Docker engine answers, and " };
            return Err(NoEngine::NotHere(format!("{engine}only root on Debian can make the images here")));
        }
        let ready = packages::ensure(check_tools, TOOLS);
        let found = if answers {
            ready.and_then(|()| check_compose()).map(|()| running)
        } else {
            ready.and_then(|()| packages::ensure(check_engine, ENGINE)).and_then(|()| Self::start())
        };
        found.map_err(NoEngine::Failed)
    }

    fn start() -> anyhow::Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("mercato-docker-").tempdir().context("cannot make a folder")?;
        let path = |name: &str| folder.path().join(name);
        let host = format!("unix://{}", path("socket").display());
        let log = File::create(path("log")).context("cannot write the log of dockerd")?;
        let kept = kept();
        fs::create_dir_all(&kept).with_context(|| format!("cannot make {}", kept.display()))?;
        // It ends when we do, however that comes about.
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "dockerd", "--data-root"])
            .arg(kept)
            .arg("--exec-root")
            .arg(path("run"))
            .arg("--pidfile")
            .arg(path("pid"))
            .args(["--host", &host, "--log-level", "warn"])
            .stdout(log.try_clone().context("cannot write the log of dockerd")?)
            .stderr(log)
            .spawn()
            .context("cannot run dockerd")?;
        let mut engine = Self { host, daemon: Some(Daemon { process, folder }) };
        let end = Instant::now() + START_LIMIT;
        while !engine.answers() {
            let Some(daemon) = &mut engine.daemon else { break };
            let ended = daemon.process.try_wait().context("dockerd cannot be waited for")?;
            if ended.is_some() || Instant::now() > end {
                let log = fs::read_to_string(daemon.folder.path().join("log")).unwrap_or_default();
                bail!("dockerd does not come up ({ended:?}); it said:\n{log}");
            }
            sleep(Duration::from_millis(200));
        }
        engine.sweep()?;
        Ok(engine)
    }

    /// Removes what a run has left that was cut short. Only our own engine's: nobody else has anything in it.
    fn sweep(&self) -> anyhow::Result<()> {
        let left = self.docker(&["ps", "--all", "--quiet"])?;
        let left: Vec<&str> = left.split_whitespace().collect();
        if !left.is_empty() {
            self.docker(&[&["rm", "--force", "--volumes"], left.as_slice()].concat())?;
        }
        self.docker(&["system", "prune", "--force", "--volumes"]).map(drop)
    }

    /// What `DOCKER_HOST` has to be.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// A command that speaks to this engine.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=30", LIMIT, program]);
        // The classic builder is there everywhere; BuildKit is a plugin that Debian does not have.
        command
            .env("DOCKER_HOST", &self.host)
            .env("DOCKER_BUILDKIT", "0")
            .env("COMPOSE_DOCKER_CLI_BUILD", "0");
        command
    }

    /// Runs `docker ARGUMENTS`, and gives what it wrote to standard output.
    pub(super) fn docker(&self, arguments: &[&str]) -> anyhow::Result<String> {
        output(self.command("docker").args(arguments))
    }

    /// `docker compose`, or where that is not there, Debian's `docker-compose`.
    pub(super) fn compose(&self) -> Command {
        if has_compose_plugin() {
            let mut command = self.command("docker");
            command.arg("compose");
            return command;
        }
        self.command("docker-compose")
    }

    fn answers(&self) -> bool {
        let asked =
            self.command("docker").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It ends its containers and takes its mounts away, which it would not if it were killed.
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).ok();
        let end = Instant::now() + STOP_LIMIT;
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < end {
            sleep(Duration::from_millis(100));
        }
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Runs `command`, and gives what it wrote to standard output.
pub(super) fn output(command: &mut Command) -> anyhow::Result<String> {
    let ran = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))?;
    let said = String::from_utf8_lossy(&ran.stderr);
    ensure!(ran.status.success(), "{command:?} failed: {said}\n{}", String::from_utf8_lossy(&ran.stdout));
    Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
}

/// Where our own engine keeps its images, so that they are made once.
fn kept() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map_or_else(std::env::temp_dir, PathBuf::from).join(".cache");
    cache.unwrap_or_else(home).join("mercato-docker")
}

fn has(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

fn has_compose_plugin() -> bool {
    let mut command = Command::new("docker");
    let asked = command.args(["compose", "version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

fn check_compose() -> anyhow::Result<()> {
    ensure!(has_compose_plugin() || has("docker-compose"), "there is no Docker Compose");
    Ok(())
}

fn check_engine() -> anyhow::Result<()> {
    check_compose()?;
    check(&["dockerd", "docker", "iptables"])
}

fn check_tools() -> anyhow::Result<()> {
    check(&["debootstrap", "python3", "strip"])?;
    // It knows no `--version`, and says what it is when it is asked nothing.
    let unzip = Command::new("unzip").stdout(Stdio::null()).stderr(Stdio::null()).status();
    unzip.map(drop).context("there is no `unzip`")?;
    ensure!(
        Path::new("/usr/share/keyrings/debian-archive-keyring.gpg").exists(),
        "Debian's keys are missing"
    );
    Ok(())
}

fn check(programs: &[&str]) -> anyhow::Result<()> {
    programs
        .iter()
        .try_for_each(|program| has(program).then_some(()).ok_or_else(|| anyhow!("there is no `{program}`")))
}
