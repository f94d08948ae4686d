//! Debian packages that a shape of the shop stands on.

use std::{path::Path, process::Command};

use anyhow::{Context as _, bail, ensure};

/// Returns if `check` finds nothing missing; on Debian as root, after installing `packages`.
///
/// # Errors
/// Says what is missing and how to get it.
pub fn ensure(check: impl Fn() -> anyhow::Result<()>, packages: &str) -> anyhow::Result<()> {
    let Err(missing) = check() else { return Ok(()) };
    let install = format!("apt-get install --yes --no-install-recommends {packages}");
    if !can_install() {
        bail!("{missing:#}\nOn Debian or Ubuntu: sudo {install}");
    }
    eprintln!("xtask: {missing:#}; installing it: {install}");
    for command in ["apt-get update", &install] {
        let status = Command::new("sh")
            .args(["-c", command])
            .env("DEBIAN_FRONTEND", "noninteractive")
            // In runlevel 1 no daemon is started: the tests start their own.
            .env("RUNLEVEL", "1")
            .status()
            .with_context(|| format!("cannot run `{command}`"))?;
        ensure!(status.success(), "`{command}` failed");
    }
    check()
}

/// Whether what is missing can be installed: on Debian and what is made from it, as root.
pub fn can_install() -> bool {
    Path::new("/etc/debian_version").exists() && is_root()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
