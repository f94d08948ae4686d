//! The compilers: a C compiler, which SQLite and the cryptography are built with and which is the one thing that Rust does not
//! bring; and for Kafka what librdkafka is built with.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use anyhow::{Context as _, ensure};

use super::packages;

/// Returns if C programs can be built; on Debian as root, after installing what is missing.
///
/// # Errors
/// Says what is missing and how to get it.
pub fn ensure() -> anyhow::Result<()> {
    packages::ensure(check, "gcc libc6-dev")
}

/// The same for librdkafka.
///
/// # Errors
/// As [`ensure`].
pub fn ensure_for_librdkafka() -> anyhow::Result<()> {
    packages::ensure(check_for_librdkafka, "g++ libssl-dev make pkg-config zlib1g-dev")
}

/// A compiler without the C library's headers is the commoner half of a toolchain, so both are tried.
fn check() -> anyhow::Result<()> {
    let output = preprocess("cc", "c", "#include <stdlib.h>\n")
        .context("there is no C compiler: `cc` (package gcc) cannot be run")?;
    ensure!(
        output.status.success(),
        "`cc` finds no <stdlib.h>: the C library's headers (package libc6-dev) are missing"
    );
    Ok(())
}

fn check_for_librdkafka() -> anyhow::Result<()> {
    let found = |output: std::io::Result<Output>| output.is_ok_and(|output| output.status.success());
    let answers = |program: &str| found(Command::new(program).arg("--version").output());
    let header = |name: &str| found(preprocess("cc", "c", &format!("#include <{name}>\n")));
    ensure!(
        found(preprocess("c++", "c++", "#include <cstdlib>\n")),
        "librdkafka is built with a C++ compiler: `c++` (package g++) does not work"
    );
    ensure!(answers("make"), "librdkafka is built with `make` (package make), which cannot be run");
    ensure!(answers("pkg-config"), "librdkafka's libraries are found by `pkg-config` (package pkg-config)");
    ensure!(header("openssl/ssl.h"), "there are no headers of OpenSSL (package libssl-dev) for librdkafka");
    ensure!(header("zlib.h"), "there are no headers of zlib (package zlib1g-dev) for librdkafka");
    Ok(())
}

fn preprocess(compiler: &str, language: &str, source: &str) -> std::io::Result<Output> {
    let mut child = Command::new(compiler)
        .args(["-E", "-x", language, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(source.as_bytes())?;
    }
    child.wait_with_output()
}
