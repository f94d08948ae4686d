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
        Self::now(&target.pids())
    }

    /// That of the instances of services alone, without the servers around them, as it is now; zero if the shop is one process.
    ///
    /// # Errors
    /// As [`Memory::of`].
    pub fn of_services(target: &Target) -> anyhow::Result<Self> {
        let services: Vec<u32> = target.instances().map(|(_, pid)| pid).collect();
        Self::now(&services)
    }

    fn now(pids: &[u32]) -> anyhow::Result<Self> {
        let rollup = processes::memory(pids)?;
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

/// Each service of a stack, idle: the first instance of it.
///
/// # Errors
/// If one of them has ended.
pub(in super::super) async fn each_of_stack(target: &Target) -> anyhow::Result<Vec<Alone>> {
    sleep(SETTLE).await;
    target.instances().map(|(service, pid)| Ok(Alone { service, memory: Memory::now(&[pid])? })).collect()
}
