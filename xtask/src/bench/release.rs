//! What is measured is built for release, and so is what measures.

use std::{
    ffi::OsString,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Context as _;
use serde::Deserialize;
use testkit::Shape;

/// Replaces this process by the same command built for release, if it is not that already: a load generator that was
/// not optimised would take the CPU time that the shop is to have.
///
/// # Errors
/// If cargo cannot be run.
pub(super) fn ensure_optimised() -> anyhow::Result<()> {
    if !cfg!(debug_assertions) {
        return Ok(());
    }
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    // Given that it replaces this process, a signal that ends this one ends the benchmark.
    let error = cargo()
        .args(["run", "--quiet", "--release", "--package", "xtask", "--"])
        .args(arguments)
        .current_dir(std::env::current_dir()?)
        .arg0("cargo")
        .exec();
    Err(error).context("cannot run cargo")
}

/// Builds the shop as a user of this shape would, and gives where the binary is.
///
/// # Errors
/// If it cannot be built.
pub(super) fn build_shop(shape: Shape) -> anyhow::Result<PathBuf> {
    eprintln!("bench: building the shop for release");
    let output = cargo()
        .args(["build", "--release", "--package", "mercato", "--message-format", "json-render-diagnostics"])
        .args(if shape == Shape::Kafka { &["--features", "kafka"][..] } else { &[] })
        .current_dir(workspace())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    anyhow::ensure!(output.status.success(), "the shop cannot be built");
    let messages = String::from_utf8_lossy(&output.stdout);
    messages.lines().filter_map(executable).next_back().context("cargo has built no binary 'mercato'")
}

/// What cargo says when it has made, or already had, something.
#[derive(Deserialize)]
struct Message {
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

fn executable(line: &str) -> Option<PathBuf> {
    let message: Message = serde_json::from_str(line).ok()?;
    message.executable.filter(|_| message.target.is_some_and(|target| target.name == "mercato"))
}

/// The root of the workspace.
pub(super) fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_is_found_among_what_cargo_says() {
        let library = r#"{"reason":"compiler-artifact","target":{"name":"platform"},"executable":null}"#;
        let binary =
            r#"{"reason":"compiler-artifact","target":{"name":"mercato"},"executable":"/t/mercato"}"#;
        let end = r#"{"reason":"build-finished","success":true}"#;
        let found: Vec<PathBuf> =
            [library, binary, end, "not JSON"].into_iter().filter_map(executable).collect();
        assert_eq!(found, [PathBuf::from("/t/mercato")]);
    }
}
