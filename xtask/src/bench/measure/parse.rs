//! What stands in `/proc/PID`: see `proc_pid_stat(5)` and `Documentation/filesystems/proc.rst` of the kernel.

/// What is needed of `/proc/PID/stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    /// The process that started it.
    pub parent: u32,
    /// CPU time in clock ticks, by itself and for it in the kernel, and of its children that have ended.
    pub ticks: u64,
}

/// Reads `/proc/PID/stat`.
pub(super) fn stat(text: &str) -> Option<Stat> {
    // The second field is the name, in parentheses, and may have spaces and parentheses in it.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // The first of these is field 3 of the manual: state. Field 4 is ppid; 14 to 17 are utime, stime, cutime, cstime.
    let parent = fields.get(1)?.parse().ok()?;
    let times = fields.get(11..15)?.iter().map(|field| field.parse::<u64>().ok());
    Some(Stat { parent, ticks: times.sum::<Option<u64>>()? })
}

/// Resident memory of a process in KiB: all of it, and with what it shares divided among those who do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rollup {
    pub rss: u64,
    pub pss: u64,
}

/// Reads `/proc/PID/smaps_rollup`.
pub(super) fn rollup(text: &str) -> Option<Rollup> {
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    Some(Rollup { rss: field("Rss:")?, pss: field("Pss:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_that_of_the_process_and_of_its_ended_children() {
        let text = "4242 (mercato) S 17 4242 4242 0 -1 4194304 3421 0 12 0 250 75 30 5 20 0 9 0 8812 0 0";
        assert_eq!(stat(text), Some(Stat { parent: 17, ticks: 360 }));
    }

    #[test]
    fn a_name_may_look_like_other_fields() {
        let text = "7 (a) S 99 (b) R 3 7 7 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 5";
        assert_eq!(stat(text), Some(Stat { parent: 3, ticks: 10 }));
    }

    #[test]
    fn what_is_cut_off_is_not_guessed() {
        assert_eq!(stat("7 (mercato) S 3 7 7 0 -1 0"), None);
        assert_eq!(stat(""), None);
    }

    #[test]
    fn memory_is_read_by_its_name() {
        let text = "55d0c0000000-7ffd40000000 ---p 00000000 00:00 0    [rollup]\n\
            Rss:               40960 kB\nPss:               38001 kB\nPss_Dirty:         20000 kB\n";
        assert_eq!(rollup(text), Some(Rollup { rss: 40_960, pss: 38_001 }));
        assert_eq!(rollup("Rss: 12 kB\n"), None);
    }
}
