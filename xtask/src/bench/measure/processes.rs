//! What the kernel counts for processes and everything that they started.

use std::{collections::BTreeMap, fs, time::Duration};

use anyhow::Context as _;

use super::parse::{self, Rollup, Stat};

/// CPU time of the processes `roots`, of all their descendants, and of those of them that have ended and were waited
/// for. The kernel counts it in ticks of usually 10 ms.
///
/// # Errors
/// If one of `roots` is not there any more.
pub(in super::super) fn cpu(roots: &[u32]) -> anyhow::Result<Duration> {
    let all = table();
    let mut ticks = 0;
    for pid in with_descendants(&all, roots) {
        ticks += all.get(&pid).with_context(|| format!("process {pid} of the shop has ended"))?.ticks;
    }
    Ok(time(ticks))
}

/// CPU time of this process: without its children, among which the shop is.
///
/// # Errors
/// If the kernel does not tell.
pub(in super::super) fn own_cpu() -> anyhow::Result<Duration> {
    let stat = parse::stat(&fs::read_to_string("/proc/self/stat")?).context("stat is not understood")?;
    Ok(time(stat.ticks))
}

fn time(ticks: u64) -> Duration {
    let a_second = u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100);
    Duration::from_secs(ticks) / a_second
}

/// Resident memory of the processes `roots` and of all their descendants.
///
/// # Errors
/// If one of `roots` is not there any more.
pub(super) fn memory(roots: &[u32]) -> anyhow::Result<Rollup> {
    let mut sum = Rollup { rss: 0, pss: 0 };
    for pid in with_descendants(&table(), roots) {
        let text = match fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) {
            Ok(text) => text,
            // A child may have ended in the meantime.
            Err(_) if !roots.contains(&pid) => continue,
            Err(error) => return Err(error).context("the memory of the shop cannot be read"),
        };
        let Rollup { rss, pss } = parse::rollup(&text).context("smaps_rollup is not understood")?;
        sum = Rollup { rss: sum.rss + rss, pss: sum.pss + pss };
    }
    Ok(sum)
}

/// Every process that there is. One that ends meanwhile is left out.
fn table() -> BTreeMap<u32, Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, parse::stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?)))
        .collect()
}

fn with_descendants(all: &BTreeMap<u32, Stat>, roots: &[u32]) -> Vec<u32> {
    let mut found = roots.to_vec();
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        let children = all.iter().filter(|(_, stat)| stat.parent == parent).map(|(pid, _)| *pid);
        let fresh: Vec<u32> = children.filter(|pid| !found.contains(pid)).collect();
        found.extend(fresh);
        next += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descendants_count_and_others_do_not() {
        let stat = |parent| Stat { parent, ticks: 1 };
        let all =
            BTreeMap::from([(10, stat(1)), (11, stat(10)), (12, stat(11)), (20, stat(1)), (30, stat(2))]);
        assert_eq!(with_descendants(&all, &[10]), [10, 11, 12]);
        assert_eq!(with_descendants(&all, &[11, 10, 20]), [11, 10, 20, 12]);
    }

    #[test]
    fn this_process_has_memory_and_is_there() {
        let own = std::process::id();
        assert!(memory(&[own]).unwrap().rss > 0);
        cpu(&[own]).unwrap();
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(cpu(&[u32::MAX]).is_err());
        assert!(memory(&[u32::MAX]).is_err());
    }
}
