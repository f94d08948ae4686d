//! Building what is started.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// What cargo says when it has made something, or found it made.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
}

/// Builds the binary `mercato`, and gives where it is.
///
/// # Errors
/// If it cannot be built.
pub(super) fn build(optimised: bool) -> anyhow::Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir([env!("CARGO_MANIFEST_DIR"), ".."].iter().collect::<PathBuf>());
    cargo.args(["build", "--package", "mercato", "--bin", "mercato"]);
    cargo.args(optimised.then_some("--release")).args(["--message-format", "json-render-diagnostics"]);
    let output = cargo.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "the binary cannot be built");
    let messages = String::from_utf8_lossy(&output.stdout);
    let built = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok()?.executable)
        .next_back();
    built.context("cargo has built no binary")
}
