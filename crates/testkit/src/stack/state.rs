//! What is left of a stack that was left running: a file, by which it is found again.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::servers::{Ending, Identity, ServerError, ServerProcess};

const FILE: &str = "stack.json";
const ENVIRONMENT: &str = "mercato.env";
/// How long a process may take to end in an orderly way.
const STOP_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A stack that is running, or was.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// Where the gateway takes connections.
    pub gateway: String,
    /// The staff login: email, a space, password.
    pub staff: String,
    /// The name of each instance, and where it takes connections.
    pub instances: Vec<(String, String)>,
    /// All processes, in the order in which they are ended.
    pub processes: Vec<ProcessState>,
}

/// A process that is running, or was.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProcessState {
    /// What it is called.
    pub name: String,
    /// By what it is found again.
    pub identity: Identity,
    /// What ends it in an orderly way.
    pub orderly: Ending,
    /// The file with all that it has said.
    pub log: PathBuf,
}

impl ProcessState {
    pub(super) fn of(process: &ServerProcess) -> Self {
        Self {
            name: process.name().to_owned(),
            identity: process.identity(),
            orderly: process.orderly(),
            log: process.log().to_owned(),
        }
    }

    /// Ends it in an orderly way, or if it does not end in time, by force. Gives whether it was orderly.
    fn end(&self) -> bool {
        self.identity.signal(self.orderly);
        let until = Instant::now() + STOP_LIMIT;
        while self.identity.is_alive() {
            if Instant::now() > until {
                self.identity.kill_all();
                return false;
            }
            std::thread::sleep(POLL);
        }
        true
    }
}

impl State {
    /// The stack in `folder`; `None` if there is none.
    ///
    /// # Errors
    /// If there is a file that is none of ours.
    pub fn read(folder: &Path) -> Result<Option<Self>, ServerError> {
        let file = folder.join(FILE);
        let reading = || ServerError::io(format!("reading {}", file.display()));
        match fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| reading()(error.into())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(reading()(error)),
        }
    }

    /// What is set for `mercato` to reach the stack in `folder`: each variable and its value.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn environment(folder: &Path) -> Result<Vec<(String, String)>, ServerError> {
        let file = folder.join(ENVIRONMENT);
        let text =
            fs::read_to_string(&file).map_err(ServerError::io(format!("reading {}", file.display())))?;
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Ok(pairs
            .map(|(variable, value)| (variable.to_owned(), value.trim_matches('\'').to_owned()))
            .collect())
    }

    /// Writes it down in `folder`, where [`State::read`] finds it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), ServerError> {
        let text = serde_json::to_string_pretty(self);
        let text = text.map_err(|error| ServerError::io("writing down the stack")(error.into()))?;
        write_secret(&folder.join(FILE), &text)
    }

    /// Writes down in `folder` what is set for `mercato`, for a shell (`set -a; . FOLDER/mercato.env`) and for
    /// [`State::environment`].
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_environment(folder: &Path, environment: &[(String, String)]) -> Result<(), ServerError> {
        let lines = environment.iter().map(|(variable, value)| format!("{variable}='{value}'\n"));
        write_secret(&folder.join(ENVIRONMENT), &lines.collect::<String>())
    }

    /// Ends what is still running of it, and nothing else. Gives the names of those that had to be killed.
    #[must_use]
    pub fn end(&self) -> Vec<&str> {
        // The instances all at once: each may take some seconds.
        for process in self.processes.iter().filter(|process| self.is_instance(process)) {
            process.identity.signal(process.orderly);
        }
        self.processes.iter().filter(|process| !process.end()).map(|process| process.name.as_str()).collect()
    }

    fn is_instance(&self, process: &ProcessState) -> bool {
        self.instances.iter().any(|(name, _)| *name == process.name)
    }
}

fn write_secret(file: &Path, text: &str) -> Result<(), ServerError> {
    let opened = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(file);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(ServerError::io(format!("writing {}", file.display())))
}
