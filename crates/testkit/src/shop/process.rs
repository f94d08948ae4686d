//! A child process that is watched, and that never outlives its test.

use std::{
    fs::OpenOptions,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{sync::mpsc::unbounded_channel, time::timeout};

use super::Lines;
use crate::wait::within;

/// A running process: its standard output is read line by line, its standard error goes to a file.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    lines: Lines,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, and adds what it logs to the file `log`.
    pub(super) fn spawn(mut command: Command, log: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(log).expect("a file for the log");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let lines = read_lines(child.stdout.take().expect("a pipe"));
        Self { child, lines, log: log.to_owned() }
    }

    /// The next line of its standard output.
    pub(super) async fn line(&mut self, limit: Duration) -> String {
        match timeout(limit, self.lines.recv()).await {
            Ok(Some(line)) => line,
            Ok(None) => panic!("it ended ({:?}); it logged:\n{}", self.child.wait(), self.logged()),
            Err(_) => panic!("it said nothing for {limit:?}; it logged:\n{}", self.logged()),
        }
    }

    /// Sends SIGTERM.
    pub(super) fn ask_to_end(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("a process that can be told to end");
    }

    /// Waits until it has ended.
    pub(super) async fn ended(&mut self, limit: Duration) -> ExitStatus {
        let child = std::cell::RefCell::new(&mut self.child);
        within(limit, "the process to end", || async {
            child.borrow_mut().try_wait().expect("a child that can be waited for")
        })
        .await
    }

    /// Sends SIGKILL, and waits until it is gone.
    pub(super) fn kill_9(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }

    fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The lines of a pipe, read by a thread of their own: the process never waits for us to read.
fn read_lines(pipe: ChildStdout) -> Lines {
    let (sender, lines) = unbounded_channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            // Nobody may want to know any more; the pipe is read all the same.
            sender.send(line).ok();
        }
    });
    lines
}
