//! Reading what everything has said.

use std::{path::Path, process::Command};

use anyhow::{Context as _, ensure};
use testkit::stack::State;

/// Show what the processes have logged
#[derive(clap::Args)]
pub(super) struct Logs {
    /// Which, such as customer-1, nginx, access; none named: all
    names: Vec<String>,
    /// How many lines of each
    #[arg(long, short = 'n', default_value_t = 20)]
    lines: u32,
    /// Go on as more is logged
    #[arg(long, short)]
    follow: bool,
}

impl Logs {
    pub(super) fn run(&self, folder: &Path, state: &State) -> anyhow::Result<()> {
        let logs = state.processes.iter().map(|process| (process.name.as_str(), process.log.clone()));
        let mut logs: Vec<_> = logs.collect();
        logs.push(("access", folder.join("gateway/logs/access.log")));
        let known: Vec<&str> = logs.iter().map(|(name, _)| *name).collect();
        for name in &self.names {
            ensure!(known.contains(&name.as_str()), "there is no {name}; there are {}", known.join(", "));
        }
        logs.retain(|(name, _)| self.names.is_empty() || self.names.iter().any(|wanted| wanted == name));
        let mut tail = Command::new("tail");
        tail.arg(format!("--lines={}", self.lines)).args(self.follow.then_some("--follow=name"));
        let status = tail.args(logs.into_iter().map(|(_, log)| log)).status().context("cannot run tail")?;
        ensure!(status.success(), "tail failed");
        Ok(())
    }
}
