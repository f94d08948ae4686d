//! The C compiler, which SQLite and the cryptography are built with: the one thing that Rust does not bring.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use anyhow::{Context as _, ensure};

/// Returns if C programs can be built; on Debian as root, after installing what is missing.
///
/// # Errors
/// Says what is missing and how to get it.
pub fn ensure() -> anyhow::Result<()> {
    super::packages::ensure(check, "gcc libc6-dev")
}

/// A compiler without the C library's headers is the commoner half of a toolchain, so both are tried.
fn check() -> anyhow::Result<()> {
    let output = preprocess("#include <stdlib.h>\n")
        .context("there is no C compiler: `cc` (package gcc) cannot be run")?;
    ensure!(
        output.status.success(),
        "`cc` finds no <stdlib.h>: the C library's headers (package libc6-dev) are missing"
    );
    Ok(())
}

fn preprocess(source: &str) -> std::io::Result<Output> {
    let mut child = Command::new("cc")
        .args(["-E", "-x", "c", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(source.as_bytes())?;
    }
    child.wait_with_output()
}
