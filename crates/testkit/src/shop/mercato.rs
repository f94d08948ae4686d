//! The command line.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde::de::DeserializeOwned;
use tokio::time::timeout;

/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The binary, and what is set for it. Nothing of the test's own `MERCATO_*` reaches it.
#[derive(Clone, Debug)]
pub struct Mercato {
    binary: PathBuf,
    data: Option<PathBuf>,
    folder: PathBuf,
    settings: Vec<(String, String)>,
}

/// How a command ended, and what it said.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output: data.
    pub stdout: String,
    /// What it wrote to standard error: everything else.
    pub stderr: String,
}

impl Mercato {
    /// The binary at `path`, which in a test is `env!("CARGO_BIN_EXE_mercato")`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { binary: path.into(), data: None, folder: std::env::temp_dir(), settings: Vec::new() }
    }

    /// The same with its data in `folder`.
    #[must_use]
    pub fn data(self, folder: impl Into<PathBuf>) -> Self {
        Self { data: Some(folder.into()), ..self }
    }

    /// The same, started in `folder`.
    #[must_use]
    pub fn folder(self, folder: impl AsRef<Path>) -> Self {
        Self { folder: folder.as_ref().to_owned(), ..self }
    }

    /// The same with a variable such as `MERCATO_LOG`.
    #[must_use]
    pub fn set(mut self, variable: &str, value: &str) -> Self {
        self.settings.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// The command `mercato ARGUMENTS`, ready to be spawned.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(&self.folder);
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("MERCATO_") {
                command.env_remove(variable);
            }
        }
        if let Some(data) = &self.data {
            command.env("MERCATO_DATA", data);
        }
        command.envs(self.settings.iter().map(|(variable, value)| (variable, value)));
        command
    }

    /// Runs `mercato ARGUMENTS` to its end.
    ///
    /// # Panics
    /// If it does not end in a minute.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = tokio::process::Command::from(self.command(arguments));
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(LIMIT, command.output()).await;
        let output = output.unwrap_or_else(|_| panic!("mercato {arguments:?} has not ended in {LIMIT:?}"));
        let output = output.unwrap_or_else(|error| panic!("mercato {arguments:?} cannot be run: {error}"));
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// The same, if it ended with this exit code.
    ///
    /// # Panics
    /// If it ended in another way; the message has what it said.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// All of its standard output as JSON.
    ///
    /// # Panics
    /// If it is not that.
    #[must_use]
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}
