//! Looking.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use testkit::stack::State;

const LIMIT: Duration = Duration::from_secs(5);

pub(super) fn run(state: &State) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start a runtime")?;
    let all_well = runtime.block_on(show(state))?;
    ensure!(all_well, "not everything runs and is ready");
    Ok(())
}

async fn show(state: &State) -> anyhow::Result<bool> {
    let mut out = io::stdout().lock();
    writeln!(out, "gateway: {}\nstaff: {}", state.gateway, state.staff)?;
    let mut all_well = true;
    for process in &state.processes {
        let runs = process.identity.is_alive();
        let url = state.instances.iter().find(|(name, _)| *name == process.name).map(|(_, url)| url.as_str());
        let (ready, what) = match url {
            _ if !runs => (false, "ended"),
            None => (true, "runs"),
            Some(url) if is_ready(url).await => (true, "ready"),
            Some(_) => (false, "runs and is not ready"),
        };
        all_well &= ready;
        writeln!(
            out,
            "{:<12} {:>8}  {what}  {}",
            process.name,
            process.identity.pid,
            url.unwrap_or_default()
        )?;
    }
    Ok(all_well)
}

async fn is_ready(url: &str) -> bool {
    let answer = reqwest::Client::new().get(format!("{url}/health/ready")).timeout(LIMIT).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}
