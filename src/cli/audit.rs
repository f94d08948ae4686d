//! The audit.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use contracts::Service;
use platform::store::{Lock, StoreUrl};
use tokio::time::Instant;

use crate::{
    audit::{Facts, Invariant, Report, check},
    output,
    settings::Settings,
};

/// Cases that are named of what breaks a promise, where people read.
const SHOWN: usize = 10;
/// How often a shop that is being served is looked at again.
const EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub(super) struct Audit {
    /// As JSON
    #[arg(long)]
    json: bool,
    /// How long to wait for what is under way in a shop that is being served
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    settle: u64,
}

impl Audit {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<ExitCode> {
        let until = Instant::now() + Duration::from_secs(self.settle);
        let mut report = check(&Facts::read(settings).await?);
        // The databases are read one after the other, while orders go on: what is amiss may be so for a moment only, and only what is
        // so at every look is broken.
        while !report.holds && Instant::now() < until && is_served(settings)? {
            tokio::time::sleep(EVERY).await;
            report = check(&Facts::read(settings).await?).lasting(&report);
        }
        if self.json {
            output::json(&report)?;
        } else {
            print(&report);
        }
        Ok(if report.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Whether somebody serves from these databases, so that waiting may help.
fn is_served(settings: &Settings) -> anyhow::Result<bool> {
    for service in Service::ALL {
        match settings.store_url(service)? {
            StoreUrl::Sqlite(folder) if Lock::take(&folder, service).is_ok() => {}
            // Whether anybody serves from a server cannot be seen from here, so it is worth the wait.
            StoreUrl::Sqlite(_) | StoreUrl::Postgres(_) => return Ok(true),
        }
    }
    Ok(false)
}

fn print(report: &Report) {
    for invariant in &report.invariants {
        let Invariant { name: _, promise, checked, violations, examples } = invariant;
        let verdict = if invariant.holds() { "ok  " } else { "FAIL" };
        output::line(format!("{verdict} {promise}: {checked} checked, {violations} violations"));
        for example in examples.iter().take(SHOWN) {
            output::line(format!("       {}", example.text));
        }
        if let more @ 1.. = examples.len().saturating_sub(SHOWN) {
            output::line(format!("       and {more} more; --json has them all"));
        }
    }
    let orders: Vec<String> =
        report.orders.iter().map(|(status, count)| format!("{count} {status}")).collect();
    output::line(format!(
        "     orders: {}",
        if orders.is_empty() { "none".to_owned() } else { orders.join(", ") }
    ));
    output::line(format!("     dead letters: {}", report.dead_letters));
    output::line(if report.holds { "every invariant holds" } else { "some invariants do not hold" });
}
