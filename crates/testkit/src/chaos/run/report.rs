//! What a sceptic can read.

use std::{collections::BTreeMap, fmt, time::Duration};

use contracts::rpc::OrderStatus;
use serde::Serialize;

use crate::chaos::{Kind, Log, Verdict, log::Counts};

/// What was done to the shop at one time, and how it took it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Episode {
    /// When it began, after the shoppers did.
    pub began: Duration,
    /// When everything was mended.
    pub mended: Duration,
    /// What was done.
    pub faults: Vec<String>,
    /// What there is to say about it.
    pub notes: Vec<String>,
    /// How many calls were left without an answer that says whether they were done, until the next episode.
    pub failures: usize,
    /// From the first of these to the last.
    pub recovered_in: Duration,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The shape of the shop.
    pub shape: String,
    /// What faults and purchases were drawn from.
    pub seed: u64,
    /// How long there was load, in seconds.
    pub seconds: u64,
    /// How many shoppers there were.
    pub shoppers: usize,
    /// The share of events that came twice, late, and in another order.
    pub disorder: f64,
    /// What the shop did without.
    pub without: Option<String>,
    /// The command line that does the same again.
    pub replay: String,
    /// How long it took from the last purchase until all was quiet.
    pub settled_in: Duration,
    /// What was done to the shop.
    pub episodes: Vec<Episode>,
    /// What could not be done here, and why.
    pub skipped: Vec<String>,
    /// Calls by what became of them.
    pub calls: BTreeMap<Kind, Counts>,
    /// Orders by status.
    pub orders: BTreeMap<String, u64>,
    /// What was promised, and whether it was kept.
    pub verdicts: Vec<Verdict>,
}

/// Fills in how each episode was taken: what failed until the next one is laid at its door.
pub(super) fn recoveries(episodes: &mut [Episode], log: &Log) {
    let ends: Vec<Duration> = episodes.iter().skip(1).map(|next| next.began).chain([Duration::MAX]).collect();
    for (episode, end) in episodes.iter_mut().zip(ends) {
        (episode.failures, episode.recovered_in) = log.failures(episode.began, end);
    }
}

impl Report {
    /// Whether every promise was kept, there was something to keep each to, and something was sold.
    #[must_use]
    pub fn holds(&self) -> bool {
        let sold =
            [OrderStatus::Confirmed, OrderStatus::Shipped, OrderStatus::Delivered, OrderStatus::Refunded];
        let sold = sold.iter().any(|it| self.orders.get(it.as_str()).is_some_and(|&orders| orders > 0));
        sold && self.verdicts.iter().all(|it| it.holds() && it.checked > 0)
    }

    /// The names of the promises that were not, or that there was nothing to keep to.
    #[must_use]
    pub fn broken(&self) -> Vec<&str> {
        let broken = self.verdicts.iter().filter(|it| !it.holds() || it.checked == 0);
        broken.map(|it| it.name.as_str()).collect()
    }
}

/// As Markdown.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, seed, seconds, shoppers, disorder, .. } = self;
        let orders: u64 = self.orders.values().sum();
        let verdict = if self.holds() { "every promise was kept" } else { "NOT every promise was kept" };
        writeln!(f, "# {shape}, seed {seed}: {verdict}\n")?;
        writeln!(
            f,
            "{orders} orders by {shoppers} shoppers in {seconds} s, while the following was done to the shop;"
        )?;
        writeln!(
            f,
            "{:.0} % of all events came twice, and as many late. The last purchase was through",
            disorder * 100.0
        )?;
        writeln!(f, "{:.1} s before all was quiet.\n", self.settled_in.as_secs_f64())?;
        if let Some(without) = &self.without {
            writeln!(f, "The shop was made to do without this safeguard: {without}.\n")?;
        }
        writeln!(f, "Again: `{}`\n", self.replay)?;
        self.fmt_episodes(f)?;
        self.fmt_calls(f)?;
        self.fmt_verdicts(f)
    }
}

impl Report {
    fn fmt_episodes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## What was done\n")?;
        writeln!(
            f,
            "A call fails that has no answer, or a server's failure; each was sent again until its outcome was known."
        )?;
        writeln!(f, "The shop has recovered with the last call that failed.\n")?;
        writeln!(f, "| from | mended | fault | calls failed | first to last |\n|---:|---:|---|---:|---:|")?;
        for episode in &self.episodes {
            let Episode { began, mended, faults, notes, failures, recovered_in } = episode;
            let what: Vec<&str> = faults.iter().chain(notes).map(String::as_str).collect();
            let (began, mended) = (began.as_secs_f64(), mended.as_secs_f64());
            writeln!(
                f,
                "| {began:.1} s | {mended:.1} s | {} | {failures} | {:.1} s |",
                what.join("; "),
                recovered_in.as_secs_f64()
            )?;
        }
        for skipped in &self.skipped {
            writeln!(f, "\nNot done: {skipped}.")?;
        }
        Ok(())
    }

    fn fmt_calls(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n## Calls and orders\n\n| call | ok | refused | unknown, repeated |\n|---|---:|---:|---:|"
        )?;
        for (kind, Counts { ok, failed, unknown }) in &self.calls {
            writeln!(f, "| {} | {ok} | {failed} | {unknown} |", format!("{kind:?}").to_lowercase())?;
        }
        writeln!(f, "\n| orders that ended as | |\n|---|---:|")?;
        for (status, count) in &self.orders {
            writeln!(f, "| {status} | {count} |")?;
        }
        Ok(())
    }

    fn fmt_verdicts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n## What was promised\n\n| kept | promise | by | checked | violations |\n|---|---|---|---:|---:|"
        )?;
        for verdict in &self.verdicts {
            let Verdict { name, by, promise, checked, violations, .. } = verdict;
            let kept = match (verdict.holds(), *checked) {
                (false, _) => "**NO**",
                (true, 0) => "**nothing to keep it to**",
                (true, _) => "yes",
            };
            let by = format!("{by:?}").to_lowercase();
            writeln!(f, "| {kept} | `{name}`: {promise} | {by} | {checked} | {violations} |")?;
        }
        for verdict in self.verdicts.iter().filter(|it| !it.holds()) {
            writeln!(f, "\n`{}`:\n", verdict.name)?;
            for example in &verdict.examples {
                writeln!(f, "- {example}")?;
            }
        }
        Ok(())
    }
}
