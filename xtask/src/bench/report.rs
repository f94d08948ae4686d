//! What is kept of a run, and how it is shown.

use std::fmt;

use serde::{Deserialize, Serialize};
use testkit::Shape;

use super::{
    args::Settings,
    budgets::{Budget, Verdict, budgets},
    figures::{Measured, Percentiles},
    journeys::Journey,
    limits::{Limits, MessageLimit, OrderLimit},
    machine::Circumstances,
    measure::{Alone, Memory, Starts},
    target::Audit,
};

/// Everything that was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Report {
    /// Where and when.
    pub circumstances: Circumstances,
    /// What was asked for.
    pub settings: Settings,
    /// How fast the shop starts.
    pub starts: Starts,
    /// What the shop takes before it has served anything.
    pub idle: Memory,
    /// What it takes after the load.
    pub loaded: Memory,
    /// What the instances of services take of that, if they have processes of their own.
    pub services: Memory,
    /// What each service takes by itself.
    pub alone: Vec<Alone>,
    /// The journeys.
    pub journeys: Vec<Measured>,
    /// What its servers do without it.
    pub limits: Option<Limits>,
    /// The budgets, as far as they could be measured.
    pub budgets: Vec<Budget>,
    /// What the audit found after the load.
    pub audit: Audit,
}

impl Report {
    /// The same with its budgets looked at.
    #[must_use]
    pub fn with_budgets(self) -> Self {
        Self { budgets: budgets(&self), ..self }
    }

    /// Whether the shop did everything as it should: no figure makes up for one order that is lost.
    pub fn is_sound(&self) -> bool {
        self.audit.is_clean()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_heading(f)?;
        self.fmt_journeys(f)?;
        self.fmt_starts_and_memory(f)?;
        self.fmt_limits(f)?;
        self.fmt_budgets(f)?;
        if self.audit.is_clean() {
            return writeln!(f, "\naudit: every invariant holds");
        }
        let Audit { broken, dead_letters, .. } = &self.audit;
        writeln!(f, "\naudit: FAILED: broken: {broken:?}, dead letters: {dead_letters}")
    }
}

impl Report {
    fn fmt_heading(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Circumstances { date, revision, cores, processor, kernel, load_average } = &self.circumstances;
        writeln!(f, "{revision}, {date}")?;
        writeln!(f, "{cores} cores of {processor}, Linux {kernel}, load before: {load_average:.2}")?;
        let Settings { seconds, runs, .. } = &self.settings;
        writeln!(f, "medians of {runs} runs of {seconds} s")
    }

    fn fmt_journeys(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nCPU is of all processes of the shop, for one journey; times are in ms\n")?;
        writeln!(
            f,
            "{:<18} {:>5} {:>9} {:>11} {:>8} {:>8} {:>8} {:>8} {:>9} {:>10} {:>7}",
            "journey",
            "conn.",
            "a second",
            "requests/s",
            "p50",
            "p90",
            "p99",
            "CPU s",
            "CPU ms",
            "generator",
            "errors"
        )?;
        for measured in &self.journeys {
            let run = &measured.median;
            write!(f, "{:<18} {:>5} ", measured.name(), measured.connections)?;
            write!(f, "{:>9.1} {:>11.1} ", run.per_second, run.requests_per_second)?;
            fmt_percentiles(f, run.latency_ms)?;
            write!(f, " {:>8.2} {:>9.3} {:>10.3}", run.cpu_seconds, run.cpu_ms, run.generator_cpu_ms)?;
            writeln!(f, " {:>7}", run.errors)?;
            if run.cpu_ms_by_part.len() > 1 {
                let parts = run.cpu_ms_by_part.iter().map(|(part, cpu)| format!("{part} {cpu:.3}"));
                writeln!(f, "  of which CPU ms: {}", parts.collect::<Vec<_>>().join(" · "))?;
            }
            if let Some(confirmed) = run.confirmed_ms {
                write!(f, "{:<46} ", "  of which placed → confirmed")?;
                fmt_percentiles(f, confirmed)?;
                writeln!(f)?;
            }
        }
        for (failure, count) in self.journeys.iter().flat_map(|measured| &measured.failures) {
            writeln!(f, "  {count} × {failure}")?;
        }
        Ok(())
    }

    fn fmt_starts_and_memory(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again: Vec<String> = self.starts.again_ms.iter().map(|ms| format!("{ms:.0}")).collect();
        writeln!(f, "\nfirst start to ready: {:.0} ms", self.starts.first_ms)?;
        writeln!(f, "start to ready: {:.0} ms (median of {})", self.starts.again(), again.join(", "))?;
        let memory = |memory: &Memory| format!("{:.1} MB RSS, {:.1} MB PSS", memory.rss_mb, memory.pss_mb);
        writeln!(f, "the shop idle: {}", memory(&self.idle))?;
        writeln!(f, "the shop after the load: {}", memory(&self.loaded))?;
        if self.settings.shape != Shape::Embedded {
            writeln!(f, "  of which services: {}", memory(&self.services))?;
        }
        for alone in &self.alone {
            writeln!(f, "{} by itself, idle: {}", alone.service, memory(&alone.memory))?;
        }
        Ok(())
    }

    /// How near the shop comes to what its servers do without it.
    fn fmt_limits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(limits) = &self.limits else { return Ok(()) };
        let rate = |journey| {
            let crowd = self.journeys.iter().find(|it| it.journey == journey && it.connections > 1);
            crowd.map_or(f64::NAN, |it| it.median.per_second)
        };
        writeln!(f)?;
        match limits.orders {
            Some(OrderLimit { per_second, cpu_ms }) => writeln!(
                f,
                "pgbench with the SQL of an order: {per_second:.0}/s at {cpu_ms:.2} CPU ms in PostgreSQL; orders are {:.2} of that",
                rate(Journey::Order) / per_second
            )?,
            None => writeln!(f, "pgbench is not installed")?,
        }
        if let Some(MessageLimit { per_second, cpu_ms }) = limits.messages {
            let ratio = rate(Journey::Order) / per_second;
            writeln!(
                f,
                "the messages of an order: {per_second:.0}/s at {cpu_ms:.2} CPU ms in RabbitMQ; orders are {ratio:.2} of that"
            )?;
        }
        match limits.files_per_second {
            Some(files) => writeln!(
                f,
                "wrk with a file through nginx: {files:.0}/s; browse is {:.2} and view {:.2} of that",
                rate(Journey::Browse) / files,
                rate(Journey::View) / files
            ),
            None => writeln!(f, "wrk is not installed"),
        }
    }

    fn fmt_budgets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<50} {:>16} {:>12}", "budget", "limit", "measured")?;
        for Budget { of, bound, limit, unit, measured, verdict } in &self.budgets {
            let measured =
                measured.map_or_else(|| "-".to_owned(), |measured| format!("{measured:.1} {unit}"));
            let verdict = match verdict {
                Verdict::Met => "met",
                Verdict::Missed => "MISSED",
                Verdict::Unknown => "not told by this",
            };
            writeln!(f, "{of:<50} {:>16} {measured:>12}  {verdict}", format!("{bound} {limit} {unit}"))?;
        }
        Ok(())
    }
}

fn fmt_percentiles(f: &mut fmt::Formatter<'_>, Percentiles { p50, p90, p99 }: Percentiles) -> fmt::Result {
    write!(f, "{p50:>8.2} {p90:>8.2} {p99:>8.2}")
}
