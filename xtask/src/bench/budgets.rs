//! The budgets of the design, and how it stands with them.

use serde::{Deserialize, Serialize};

use super::{journeys::Journey, report::Report, target::Shape};

/// How it stands with a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// It is kept.
    Met,
    /// It is not.
    Missed,
    /// What was measured does not tell.
    Unknown,
}

/// A budget.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Budget {
    /// Of what.
    pub of: String,
    /// What it is to stay under.
    pub limit: f64,
    /// Of what unit.
    pub unit: String,
    /// What was measured.
    pub measured: Option<f64>,
    /// How it stands.
    pub verdict: Verdict,
}

impl Budget {
    fn new(of: &str, limit: f64, unit: &str, measured: Option<f64>) -> Self {
        let verdict = match measured {
            Some(measured) if measured < limit => Verdict::Met,
            Some(_) => Verdict::Missed,
            None => Verdict::Unknown,
        };
        Self { of: of.to_owned(), limit, unit: unit.to_owned(), measured, verdict }
    }

    /// What was measured has more in it than the budget is of: above the limit it tells nothing.
    fn at_most(self) -> Self {
        let verdict = if self.verdict == Verdict::Met { Verdict::Met } else { Verdict::Unknown };
        Self { verdict, ..self }
    }
}

/// Each budget that can be measured from outside. That a command is one trip to the database cannot.
pub(super) fn budgets(report: &Report) -> Vec<Budget> {
    let alone = |journey| {
        report
            .journeys
            .iter()
            .find(move |it| it.journey == journey && it.connections == 1)
            .map(|it| &it.median)
    };
    let largest = report.alone.iter().map(|it| it.memory.rss_mb).max_by(f64::total_cmp);
    let read = alone(Journey::ReadCart).map(|run| run.latency_ms.p50);
    let confirmed = alone(Journey::Order).and_then(|run| run.confirmed_ms).map(|it| it.p50);
    let mut budgets = vec![
        Budget::new("cold start to ready, median", 1_000.0, "ms", Some(report.starts.again())),
        Budget::new("largest service by itself, RSS idle", 30.0, "MB", largest),
        Budget::new("RPC p50: a whole read of the cart, one shopper", 1.0, "ms", read).at_most(),
        Budget::new("order placed → confirmed p50, one shopper", 25.0, "ms", confirmed),
    ];
    if report.settings.shape == Shape::Embedded {
        let whole = Budget::new("whole shop in one process, RSS idle", 60.0, "MB", Some(report.idle.rss_mb));
        budgets.insert(1, whole);
    }
    budgets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_kept_below_its_limit() {
        let verdict = |measured| Budget::new("memory", 30.0, "MB", measured).verdict;
        assert_eq!(verdict(Some(29.9)), Verdict::Met);
        assert_eq!(verdict(Some(30.0)), Verdict::Missed);
        assert_eq!(verdict(None), Verdict::Unknown);
    }

    #[test]
    fn what_measures_more_than_the_budget_never_tells_that_it_is_missed() {
        let verdict = |measured| Budget::new("RPC", 1.0, "ms", Some(measured)).at_most().verdict;
        assert_eq!(verdict(0.8), Verdict::Met);
        assert_eq!(verdict(1.2), Verdict::Unknown);
    }
}
