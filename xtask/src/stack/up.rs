//! Starting.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use testkit::stack::{Broker, Plan, Stack, State};

use super::build;
use crate::{interrupt::interrupted, needs};

/// Start everything, and leave it running
#[derive(clap::Args)]
pub(super) struct Up {
    /// How many of each service
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=16))]
    instances: u8,
    /// What the services talk by
    #[arg(long, value_enum, default_value_t)]
    broker: Broker,
    /// Build without optimisation, which is quicker to build
    #[arg(long)]
    dev: bool,
    /// Start this binary, and build none
    #[arg(long, value_name = "FILE", conflicts_with = "dev")]
    binary: Option<PathBuf>,
    /// Limit how often a client may ask even if it is on this machine
    #[arg(long)]
    limits: bool,
    /// Do without the gateway's one-second cache of the catalogue
    #[arg(long)]
    no_cache: bool,
}

impl Up {
    pub(super) fn run(self, folder: &Path) -> anyhow::Result<()> {
        if let Some(state) = State::read(folder)? {
            let running = state.processes.iter().any(|process| process.identity.is_alive());
            let is = if running { "is up" } else { "was up" };
            anyhow::bail!("a stack {is} in {}: `cargo xtask stack down` first", folder.display());
        }
        let in_use = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        ensure!(!in_use, "{} is not empty: choose another folder by --dir", folder.display());
        if self.broker == Broker::Kafka {
            needs::kafka::ensure()?;
        }
        let binary = match &self.binary {
            Some(binary) => {
                fs::canonicalize(binary).with_context(|| format!("cannot find {}", binary.display()))?
            }
            None => build::build(!self.dev, self.broker)?,
        };
        let plan = Plan::new(binary, folder).instances(self.instances.into()).broker(self.broker).detached();
        let plan = if self.limits { plan.set_gateway("UNLIMITED", "") } else { plan };
        let plan = if self.no_cache { plan.set_gateway("CACHE", "off") } else { plan };
        let runtime = tokio::runtime::Runtime::new().context("cannot start a runtime")?;
        let state = runtime.block_on(start(plan)).inspect_err(|_| {
            // Everything has ended; what it logged is in the error.
            fs::remove_dir_all(folder).ok();
        })?;
        let mut out = io::stdout().lock();
        writeln!(out, "gateway: {}\nstaff: {}", state.gateway, state.staff)?;
        eprintln!(
            "xtask: everything is in {}; for the command line: set -a; . {0}/mercato.env",
            folder.display()
        );
        Ok(())
    }
}

/// Starts it, unless somebody presses Ctrl-C: what has been started ends then.
async fn start(plan: Plan) -> anyhow::Result<State> {
    let stack = tokio::select! {
        stack = Stack::start(plan) => stack?,
        interrupted = interrupted() => return interrupted.and_then(|()| bail!("interrupted")),
    };
    Ok(stack.leave_running()?)
}
