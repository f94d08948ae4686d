//! Building what is started.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use testkit::stack::Broker;

/// What cargo says when it has made something, or found it made.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

impl Message {
    /// The binary `mercato` itself, rather than the tests within it.
    fn mercato(self) -> Option<PathBuf> {
        let target =
            self.target.filter(|it| it.name == "mercato" && it.kind.iter().any(|kind| kind == "bin"));
        let ours = target.is_some() && self.profile.is_some_and(|profile| !profile.test);
        self.executable.filter(|_| ours)
    }
}

/// Builds the binary `mercato` with what it takes to use this broker, and gives where it is.
///
/// # Errors
/// If it cannot be built.
pub(super) fn build(optimised: bool, broker: Broker) -> anyhow::Result<PathBuf> {
    let arguments = ["build", "--package", "mercato", "--bin", "mercato"];
    let kafka: &[&str] = if broker == Broker::Kafka { &["--features", "kafka"] } else { &[] };
    let release: &[&str] = if optimised { &["--release"] } else { &[] };
    built_by([&arguments, kafka, release].concat())
}

/// Builds what `cargo ARGUMENTS` builds, and gives where the binary `mercato` among it is.
///
/// # Errors
/// If it cannot be built.
pub fn built_by<'a>(arguments: impl IntoIterator<Item = &'a str>) -> anyhow::Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir([env!("CARGO_MANIFEST_DIR"), ".."].iter().collect::<PathBuf>());
    cargo.args(arguments).args(["--message-format", "json-render-diagnostics"]);
    let output = cargo.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "the binary cannot be built");
    let messages = String::from_utf8_lossy(&output.stdout);
    let built =
        messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok()?.mercato()).next_back();
    built.context("cargo has built no binary")
}
