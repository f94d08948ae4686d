//! Two runs, side by side.

use std::{
    fmt::{self, Write as _},
    fs,
    path::Path,
};

use anyhow::Context as _;

use super::{figures::Run, report::Report};

/// What is compared of a run.
type Figure = fn(&Run) -> Option<f64>;

/// How each figure of a journey is called, and what it is.
const FIGURES: [(&str, Figure); 7] = [
    ("a second", |run| Some(run.per_second)),
    ("p50 ms", |run| Some(run.latency_ms.p50)),
    ("p90 ms", |run| Some(run.latency_ms.p90)),
    ("p99 ms", |run| Some(run.latency_ms.p99)),
    ("placed → confirmed p50 ms", |run| run.confirmed_ms.map(|it| it.p50)),
    ("placed → confirmed p99 ms", |run| run.confirmed_ms.map(|it| it.p99)),
    ("CPU ms", |run| Some(run.cpu_ms)),
];

/// A figure of both runs.
struct Line {
    name: String,
    before: f64,
    after: f64,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, before, after } = self;
        write!(f, "{name:<45} {before:>12.2} {after:>12.2} ")?;
        if *before > 0.0 { write!(f, "{:>7.2}×", after / before) } else { write!(f, "{:>8}", "-") }
    }
}

/// Shows the run kept in `before` beside the one in `after`.
///
/// # Errors
/// If one of them cannot be read.
pub(super) fn compare(before: &Path, after: &Path) -> anyhow::Result<String> {
    Ok(table(&read(before)?, &read(after)?)?)
}

fn read(path: &Path) -> anyhow::Result<Report> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} was not kept by this benchmark", path.display()))
}

fn table(before: &Report, after: &Report) -> Result<String, fmt::Error> {
    let mut text = String::new();
    for (name, report) in [("before", before), ("after", after)] {
        let it = &report.circumstances;
        writeln!(text, "{name}: {} of {}, {} cores, Linux {}", it.revision, it.date, it.cores, it.kernel)?;
    }
    let place = |report: &Report| {
        let it = &report.circumstances;
        (it.cores, it.processor.clone(), it.kernel.clone())
    };
    if place(before) != place(after) {
        writeln!(text, "these are two machines: the figures do not compare")?;
    }
    writeln!(text, "\n{:<45} {:>12} {:>12} {:>8}", "", "before", "after", "ratio")?;
    for line in lines(before, after) {
        writeln!(text, "{line}")?;
    }
    Ok(text)
}

fn lines(before: &Report, after: &Report) -> Vec<Line> {
    let mut lines = Vec::new();
    for old in &before.journeys {
        let same = |new: &&super::figures::Measured| new.name() == old.name();
        let Some(new) = after.journeys.iter().find(same) else { continue };
        for (figure, of) in FIGURES {
            if let (Some(before), Some(after)) = (of(&old.median), of(&new.median)) {
                lines.push(Line { name: format!("{}: {figure}", old.name()), before, after });
            }
        }
    }
    let mut line = |name: &str, of: fn(&Report) -> f64| {
        lines.push(Line { name: name.to_owned(), before: of(before), after: of(after) });
    };
    line("first start to ready ms", |report| report.starts.first_ms);
    line("start to ready ms", |report| report.starts.again());
    line("idle RSS MB", |report| report.idle.rss_mb);
    line("idle PSS MB", |report| report.idle.pss_mb);
    line("RSS after the load MB", |report| report.loaded.rss_mb);
    line("PSS after the load MB", |report| report.loaded.pss_mb);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_what_came_after_by_what_was_before() {
        let line = Line { name: "order: a second".to_owned(), before: 100.0, after: 250.0 };
        assert!(line.to_string().ends_with("2.50×"), "{line}");
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        let line = Line { name: "order: a second".to_owned(), before: 0.0, after: 250.0 };
        assert!(line.to_string().ends_with('-'), "{line}");
    }
}
