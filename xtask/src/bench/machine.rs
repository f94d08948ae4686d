//! What a figure means nothing without: which code, on which machine, how busy.

use std::{fs, process::Command};

use contracts::Timestamp;
use serde::{Deserialize, Serialize};

use super::release::workspace;

/// Where and when something was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Circumstances {
    /// When.
    pub date: Timestamp,
    /// The revision, with `-dirty` behind it if there were changes that were not committed.
    pub revision: String,
    /// How many cores there are.
    pub cores: usize,
    /// What they are.
    pub processor: String,
    /// The kernel.
    pub kernel: String,
    /// How many others wanted to run in the last minute before.
    pub load_average: f64,
}

impl Circumstances {
    /// Those of here and now. What cannot be found out is left empty.
    pub fn now() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            date: Timestamp::now(),
            revision: revision().unwrap_or_default(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            processor: processor(&read("/proc/cpuinfo")).unwrap_or_default().to_owned(),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load_average: load_average(&read("/proc/loadavg")).unwrap_or_default(),
        }
    }
}

fn revision() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(workspace()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "HEAD"])?;
    let clean = git(&["status", "--porcelain"]).is_some_and(|changes| changes.is_empty());
    Some(if clean { head } else { format!("{head}-dirty") })
}

fn processor(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

fn load_average(text: &str) -> Option<f64> {
    text.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named_by_the_first_core() {
        let text = "processor\t: 0\nmodel name\t: Some Processor 3000\nprocessor\t: 1\nmodel name\t: Other\n";
        assert_eq!(processor(text), Some("Some Processor 3000"));
        assert_eq!(processor("processor : 0\n"), None);
    }

    #[test]
    fn the_load_is_that_of_the_last_minute() {
        assert!(load_average("0.25 1.10 2.00 1/234 5678\n").is_some_and(|load| (load - 0.25).abs() < 1e-9));
        assert_eq!(load_average(""), None);
    }
}
