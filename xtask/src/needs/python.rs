//! Programs that are Python packages: each is installed, once, into a folder of its own beside what cargo builds.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};

use super::packages;

/// Returns if programs can be installed; on Debian as root, after installing what is missing for that.
///
/// # Errors
/// Says what is missing and how to get it.
pub fn ensure() -> anyhow::Result<()> {
    let check = || {
        let mut python = Command::new("python3");
        ends_well("python3 with venv (package python3-venv)", python.args(["-c", "import venv, ensurepip"]))
    };
    packages::ensure(check, "ca-certificates python3-venv")
}

/// Returns when `pip install ARGUMENTS` was done in an environment in `folder`, now or before. What `arguments` name has to be
/// pinned: nobody asks again whether there is something newer.
///
/// # Errors
/// Says why it cannot be had: there is no Python, or nobody to get it from.
pub fn ensure_installed(what: &str, folder: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    // Written last: an installation that was cut short is begun again.
    let complete = folder.join("complete");
    if complete.exists() {
        return Ok(());
    }
    eprintln!("xtask: installing {what} into {}", folder.display());
    let mut python = Command::new("python3");
    ends_well("python3 -m venv (package python3-venv)", python.args(["-m", "venv", "--clear"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin").join("pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "15"]);
    ends_well("pip install", pip.args(arguments))?;
    std::fs::write(&complete, "").context("the installation cannot be marked as complete")
}

fn ends_well(what: &str, command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("there is no {what}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    ensure!(output.status.success(), "{what} failed: {last}");
    Ok(())
}

/// The folder that cargo builds into: this program is in it.
///
/// # Errors
/// If it is in none.
pub fn built_things() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe().context("cannot tell where this program is")?;
    here.ancestors().nth(2).map(Path::to_owned).context("this program is in no folder of cargo's")
}
