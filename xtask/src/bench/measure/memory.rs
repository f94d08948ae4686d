//! How much memory the shop takes.

use std::time::Duration;

use contracts::Service;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::processes;
use crate::bench::target::{Premises, Target};

/// How long a shop is left alone before its memory is looked at.
const SETTLE: Duration = Duration::from_secs(2);

/// Resident memory of all processes of a shop, in MB (of a million bytes).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in super::super) struct Memory {
    /// Everything that is resident.
    pub rss_mb: f64,
    /// With what is shared counted once.
    pub pss_mb: f64,
}

impl Memory {
    /// That of `target` when it has had nothing to do for two seconds.
    ///
    /// # Errors
    /// If a process of the shop has ended.
    pub async fn of(target: &Target) -> anyhow::Result<Self> {
        sleep(SETTLE).await;
        let rollup = processes::memory(&target.pids())?;
        Ok(Self { rss_mb: megabytes(rollup.rss), pss_mb: megabytes(rollup.pss) })
    }
}

#[expect(clippy::cast_precision_loss, reason = "no process has 2^53 bytes")]
fn megabytes(kib: u64) -> f64 {
    (kib * 1024) as f64 / 1e6
}

/// A service in a process of its own, idle.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Alone {
    /// Which.
    pub service: Service,
    /// How much it takes.
    pub memory: Memory,
}

/// Starts each service on its own, one after the other.
///
/// # Errors
/// If one does not start or end.
pub(in super::super) async fn each_alone(premises: &Premises) -> anyhow::Result<Vec<Alone>> {
    let mut all = Vec::new();
    for service in Service::ALL {
        // The first start makes the database, and that takes memory that a later one does not.
        premises.start_alone(service).await?.stop().await?;
        let target = premises.start_alone(service).await?;
        all.push(Alone { service, memory: Memory::of(&target).await? });
        target.stop().await?;
    }
    Ok(all)
}
