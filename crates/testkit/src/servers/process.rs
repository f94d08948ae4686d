//! A server's process: started as an ordinary user in a session of its own, found again by when it was started, and ended
//! with all that it has started.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use super::{ServerError, keeper, user::User};

/// How often it is looked whether a process has ended.
const POLL: Duration = Duration::from_millis(10);
/// How long a server may take that ends in a hurry.
const HURRY: Duration = Duration::from_secs(3);

/// How long a server is to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// As long as the process that started it.
    WithUs,
    /// Until somebody ends it.
    Detached,
}

/// A signal that ends a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Ending {
    /// SIGINT.
    Int,
    /// SIGTERM.
    Term,
    /// SIGQUIT.
    Quit,
    /// SIGKILL.
    Kill,
}

impl Ending {
    const fn signal(self) -> Signal {
        match self {
            Self::Int => Signal::INT,
            Self::Term => Signal::TERM,
            Self::Quit => Signal::QUIT,
            Self::Kill => Signal::KILL,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Int => "INT",
            Self::Term => "TERM",
            Self::Quit => "QUIT",
            Self::Kill => "KILL",
        }
    }
}

/// A process that is not mistaken for a later one with the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its process id.
    pub pid: i32,
    /// When it was started, in clock ticks since the machine was.
    pub started: u64,
}

impl Identity {
    /// The process that has this id now, unless it has ended.
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may have spaces; the state is the 3rd field, the start the 22nd (proc(5)).
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?;
        let started = fields.nth(18)?.parse().ok()?;
        (!matches!(state, "Z" | "X")).then_some(Self { pid, started })
    }

    /// Whether it has not ended.
    #[must_use]
    pub fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Sends it a signal, if it has not ended.
    pub fn signal(self, ending: Ending) {
        self.send(ending.signal());
    }

    /// Stops it where it is (SIGSTOP), if it has not ended.
    pub fn pause(self) {
        self.send(Signal::STOP);
    }

    /// Lets it go on (SIGCONT) after a [`pause`](Self::pause).
    pub fn resume(self) {
        self.send(Signal::CONT);
    }

    fn send(self, signal: Signal) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        // A handle first, and then whether it is the right one: it stays the same process from there on.
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        if self.is_alive() {
            pidfd_send_signal(&handle, signal).ok();
        }
    }

    /// Those that it has started, and those that these have.
    #[must_use]
    pub fn descendants(self) -> Vec<Self> {
        let mut found = Vec::new();
        let mut parents = vec![self.pid];
        while let Some(parent) = parents.pop() {
            for child in children(parent) {
                found.extend(Self::of(child));
                parents.push(child);
            }
        }
        found
    }

    /// Ends it and all that it has started, as `kill -9` does.
    pub fn kill_all(self) {
        let descendants = self.descendants();
        self.signal(Ending::Kill);
        for descendant in descendants {
            descendant.signal(Ending::Kill);
        }
    }
}

/// The ids of the processes that `parent` has started.
fn children(parent: i32) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// What there is to know before a server is started.
pub(crate) struct Launch<'a> {
    /// For errors.
    pub name: &'a str,
    /// Whose process it is to be; `None`: ours.
    pub user: Option<User>,
    /// How long it is to live.
    pub lifetime: Lifetime,
    /// What ends it in an orderly way.
    pub orderly: Ending,
    /// What ends it in a hurry, with all that it has started.
    pub hurried: Ending,
    /// The file that everything it says is added to.
    pub log: &'a Path,
}

/// A server's process. It ends with this value.
#[derive(Debug)]
pub struct ServerProcess {
    name: String,
    identity: Identity,
    child: Child,
    orderly: Ending,
    hurried: Ending,
    log: PathBuf,
    left_alone: bool,
}

impl Launch<'_> {
    /// Starts `command`, of which the program, the arguments, the folder and the variables count.
    pub(crate) fn start(&self, command: &Command) -> Result<ServerProcess, ServerError> {
        let refused = || format!("starting {}", self.name);
        let log = OpenOptions::new().create(true).append(true).open(self.log);
        let log = log.map_err(ServerError::io(format!("opening {}", self.log.display())))?;
        let errors = log.try_clone().map_err(ServerError::io(refused()))?;
        let mut wrapped = self.wrap(command);
        wrapped.stdin(Stdio::null()).stdout(log).stderr(errors);
        let child = keeper::spawn(wrapped).map_err(ServerError::io(refused()))?;
        let pid = i32::try_from(child.id()).unwrap_or(i32::MAX);
        let gone = || ServerError::failed(self.name, "ended at once", self.log);
        let identity = Identity::of(pid).ok_or_else(gone)?;
        Ok(ServerProcess {
            name: self.name.to_owned(),
            identity,
            child,
            orderly: self.orderly,
            hurried: self.hurried,
            log: self.log.to_owned(),
            left_alone: false,
        })
    }

    /// In a session of its own, so that a Ctrl-C is not for it; as another user; told when we die. Each of these programs
    /// becomes the next, so that the process is the server in the end.
    fn wrap(&self, command: &Command) -> Command {
        let mut wrapped = Command::new("setsid");
        if self.user.is_some() || self.lifetime == Lifetime::WithUs {
            wrapped.arg("setpriv");
        }
        if let Some(User { uid, gid }) = self.user {
            wrapped.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups"]);
        }
        if self.lifetime == Lifetime::WithUs {
            wrapped.args(["--pdeathsig", self.hurried.name()]);
        }
        wrapped.arg(command.get_program()).args(command.get_args());
        for (variable, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(variable, value),
                None => wrapped.env_remove(variable),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            wrapped.current_dir(folder);
        }
        wrapped
    }
}

impl ServerProcess {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// By what it is found again.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// The signal that ends it in an orderly way.
    #[must_use]
    pub const fn orderly(&self) -> Ending {
        self.orderly
    }

    /// The file with all that it has said.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)) | Err(_))
    }

    /// How it ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to end in an orderly way, and waits for that.
    ///
    /// # Errors
    /// If it does not within `limit`; it is then killed.
    pub async fn stop(&mut self, limit: Duration) -> Result<(), ServerError> {
        self.identity.signal(self.orderly);
        let until = Instant::now() + limit;
        while !self.has_ended() {
            if Instant::now() > until {
                self.kill();
                return Err(self.failure(format!("did not end within {limit:?} and was killed")));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Ends it and all that it has started, as `kill -9` does.
    pub fn kill(&mut self) {
        self.identity.kill_all();
        self.child.wait().ok();
    }

    /// Waits until `ready` says so.
    ///
    /// # Errors
    /// If it ends before, or `limit` passes.
    pub async fn until<F: Future<Output = bool>>(
        &mut self,
        limit: Duration,
        mut ready: impl FnMut() -> F,
    ) -> Result<(), ServerError> {
        let until = Instant::now() + limit;
        while !ready().await {
            if self.has_ended() {
                return Err(self.failure("ended before it was ready"));
            }
            if Instant::now() > until {
                return Err(self.failure(format!("was not ready within {limit:?}")));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    pub(crate) fn failure(&self, reason: impl Into<String>) -> ServerError {
        ServerError::failed(&self.name, reason, &self.log)
    }

    /// Lets it live on when this value goes; only a [`Lifetime::Detached`] one then outlives this process, too.
    pub fn leave_alone(&mut self) {
        self.left_alone = true;
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if self.left_alone || self.has_ended() {
            return;
        }
        let descendants = self.identity.descendants();
        self.identity.signal(self.hurried);
        let until = Instant::now() + HURRY;
        while !self.has_ended() && Instant::now() < until {
            thread::sleep(POLL);
        }
        self.identity.signal(Ending::Kill);
        descendants.into_iter().for_each(|descendant| descendant.signal(Ending::Kill));
        self.child.wait().ok();
        if thread::panicking() {
            eprintln!("---- what {} said ----\n{}\n----", self.name, super::error::tail(&self.log));
        }
    }
}

/// Runs `command` to its end as `user`, and gives what it said if it failed.
pub(crate) async fn run_as(user: Option<User>, command: &Command) -> io::Result<Result<(), String>> {
    let launch = Launch {
        name: "",
        user,
        lifetime: Lifetime::Detached,
        orderly: Ending::Term,
        hurried: Ending::Kill,
        log: Path::new(""),
    };
    let mut command = tokio::process::Command::from(launch.wrap(command));
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
    let said = [output.stdout, output.stderr].concat();
    Ok(if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said).into_owned()) })
}
