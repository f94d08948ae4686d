//! Running cargo, and the two programs that run tests: nextest, and where there is none, cargo itself.

use std::{
    ffi::OsStr,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::Context as _;

/// What is set for a step.
pub(super) type Variable<'a> = (&'static str, &'a OsStr);

/// Runs `cargo ARGUMENTS`, and gives that if it failed.
///
/// # Errors
/// If cargo cannot be run.
pub(super) fn run(arguments: &[&str], environment: &[Variable<'_>]) -> anyhow::Result<Option<String>> {
    let described = format!("cargo {}", arguments.join(" "));
    let status = cargo()
        .args(arguments)
        .envs(environment.iter().copied())
        .status()
        .with_context(|| format!("cannot run {described}"))?;
    Ok((!status.success()).then_some(described))
}

/// Neither of the two that run tests runs doc tests as well.
///
/// # Errors
/// As [`run`].
pub(super) fn run_doc_tests() -> anyhow::Result<Option<String>> {
    run(&["test", "--doc", "--workspace"], &[])
}

/// Whether nextest is there.
pub(super) fn has_nextest() -> bool {
    cargo()
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The cargo that runs us, in the workspace's root.
fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir([env!("CARGO_MANIFEST_DIR"), ".."].iter().collect::<PathBuf>());
    cargo
}
