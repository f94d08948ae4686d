//! Ending.

use std::{fs, path::Path};

use anyhow::Context as _;
use testkit::stack::State;

pub(super) fn run(folder: &Path) -> anyhow::Result<()> {
    let Some(state) = State::read(folder)? else {
        eprintln!("xtask: no stack is up in {}", folder.display());
        return Ok(());
    };
    let killed = state.end();
    if !killed.is_empty() {
        eprintln!("xtask: these did not end in time and were killed: {}", killed.join(", "));
    }
    fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))
}
