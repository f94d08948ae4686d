//! Schemathesis itself: a Python program that is installed, once, into a folder of its own beside what cargo builds.

use std::{
    path::{Path, PathBuf},
    process::{self, Stdio},
};

use anyhow::{Context as _, ensure};
use tokio::process::Command;

/// Which version is asked for. The only place that says so.
const VERSION: &str = "4.32.5";
/// Shows it the ids of things that exist, and how to write lines of JSON.
const HOOKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/test/hostile/hooks.py");

/// The program.
pub(super) struct Program(PathBuf);

impl Program {
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.0);
        // It keeps what it has found in the folder it is run in.
        command.current_dir(std::env::temp_dir()).env("SCHEMATHESIS_HOOKS", HOOKS).env("NO_COLOR", "1");
        command
    }
}

/// The program, after it was installed if that had to be done.
///
/// # Errors
/// Says why it cannot be had: there is no Python, or nobody to get it from.
pub(super) fn installed() -> anyhow::Result<Program> {
    let folder = built_things()?.join(format!("schemathesis-{VERSION}"));
    let program = folder.join("bin").join("st");
    // Written last: an installation that was cut short is begun again.
    let complete = folder.join("complete");
    if !complete.exists() {
        install(&folder)?;
        std::fs::write(&complete, "").context("the installation cannot be marked as complete")?;
    }
    Ok(Program(program))
}

fn install(folder: &Path) -> anyhow::Result<()> {
    eprintln!("xtask: installing schemathesis {VERSION} into {}", folder.display());
    let mut python = process::Command::new("python3");
    ends_well("python3 -m venv (package python3-venv)", python.args(["-m", "venv", "--clear"]).arg(folder))?;
    let mut pip = process::Command::new(folder.join("bin").join("pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "15"]);
    ends_well("pip install", pip.arg(format!("schemathesis=={VERSION}")))
}

fn ends_well(what: &str, command: &mut process::Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("there is no {what}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    ensure!(output.status.success(), "{what} failed: {last}");
    Ok(())
}

/// The folder that cargo builds into: this program is in it.
fn built_things() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe().context("cannot tell where this program is")?;
    here.ancestors().nth(2).map(Path::to_owned).context("this program is in no folder of cargo's")
}
