//! Schemathesis itself: a Python program.

use std::path::PathBuf;

use tokio::process::Command;

use crate::needs::python;

/// Which version is asked for. The only place that says so.
const VERSION: &str = "4.32.5";
/// Shows it the ids of things that exist, and how to write lines of JSON.
const HOOKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/test/hostile/hooks.py");
/// What it checks, of which operations not, and why.
const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/test/hostile/schemathesis.toml");

/// The program.
pub(super) struct Program(PathBuf);

impl Program {
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.0);
        // It keeps what it has found in the folder it is run in.
        command.current_dir(std::env::temp_dir()).env("SCHEMATHESIS_HOOKS", HOOKS).env("NO_COLOR", "1");
        command.args(["--config-file", SETTINGS]);
        command
    }
}

/// The program, after it was installed if that had to be done.
///
/// # Errors
/// As [`python::ensure_installed`].
pub(super) fn installed() -> anyhow::Result<Program> {
    let folder = python::built_things()?.join(format!("schemathesis-{VERSION}"));
    python::ensure_installed(
        &format!("schemathesis {VERSION}"),
        &folder,
        &[&format!("schemathesis=={VERSION}")],
    )?;
    Ok(Program(folder.join("bin").join("st")))
}
