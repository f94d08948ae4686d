//! The budgets of the design, and how it stands with them.

use std::fmt;

use serde::{Deserialize, Serialize};

use testkit::Shape;

use super::{journeys::Journey, report::Report};

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

/// On which side of its limit a figure has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Bound {
    /// Below it.
    Under,
    /// At it or above.
    Over,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Under => "<",
            Self::Over => "≥",
        })
    }
}

/// A budget.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Budget {
    /// Of what.
    pub of: String,
    /// Where it is to stay.
    pub bound: Bound,
    /// Of what.
    pub limit: f64,
    /// Of what unit.
    pub unit: String,
    /// What was measured.
    pub measured: Option<f64>,
    /// How it stands.
    pub verdict: Verdict,
}

impl Budget {
    fn under(of: &str, limit: f64, unit: &str, measured: Option<f64>) -> Self {
        Self::new(of, (Bound::Under, limit), unit, measured)
    }

    fn over(of: &str, limit: f64, unit: &str, measured: Option<f64>) -> Self {
        Self::new(of, (Bound::Over, limit), unit, measured)
    }

    fn new(of: &str, (bound, limit): (Bound, f64), unit: &str, measured: Option<f64>) -> Self {
        let met = |measured: f64| match bound {
            Bound::Under => measured < limit,
            Bound::Over => measured >= limit,
        };
        let verdict = match measured {
            Some(measured) if met(measured) => Verdict::Met,
            Some(_) => Verdict::Missed,
            None => Verdict::Unknown,
        };
        Self { of: of.to_owned(), bound, limit, unit: unit.to_owned(), measured, verdict }
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
        Budget::under("cold start to ready, median", 1_000.0, "ms", Some(report.starts.again())),
        Budget::under("largest service by itself, RSS idle", 30.0, "MB", largest),
        Budget::under("RPC p50: a whole read of the cart, one shopper", 1.0, "ms", read).at_most(),
        Budget::under("order placed → confirmed p50, one shopper", 25.0, "ms", confirmed),
    ];
    match report.settings.shape {
        Shape::Embedded => {
            let whole =
                Budget::under("whole shop in one process, RSS idle", 60.0, "MB", Some(report.idle.rss_mb));
            budgets.insert(1, whole);
        }
        Shape::Rabbitmq => budgets.extend(speed(report)),
        // They were set for RabbitMQ, and so were those of the time that a message takes.
        Shape::Kafka => budgets.truncate(2),
    }
    budgets
}

/// What the production shape is to do with 16 connections on two cores: a multiple of what the same system did in Node.js
/// on such a machine, which `docs/capacity.md` tells more of.
fn speed(report: &Report) -> [Budget; 6] {
    let crowd = |journey| {
        let all = report.journeys.iter().find(move |it| it.journey == journey && it.connections > 1);
        all.map(|it| &it.median)
    };
    let rate = |journey| crowd(journey).map(|run| run.per_second);
    let order = crowd(Journey::Order).map(|run| run.cpu_ms);
    [
        Budget::over("browse", 19_320.0, "/s", rate(Journey::Browse)),
        Budget::over("view", 18_972.0, "/s", rate(Journey::View)),
        Budget::over("add to cart", 2_630.0, "/s", rate(Journey::Cart)),
        Budget::over("orders to confirmed", 670.0, "/s", rate(Journey::Order)),
        Budget::under("CPU of all processes an order", 3.0, "ms", order),
        Budget::under(
            "four services together, PSS after the load",
            100.0,
            "MB",
            Some(report.services.pss_mb),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_kept_below_its_limit() {
        let verdict = |measured| Budget::under("memory", 30.0, "MB", measured).verdict;
        assert_eq!(verdict(Some(29.9)), Verdict::Met);
        assert_eq!(verdict(Some(30.0)), Verdict::Missed);
        assert_eq!(verdict(None), Verdict::Unknown);
    }

    #[test]
    fn a_rate_is_kept_from_its_limit_on() {
        let verdict = |measured| Budget::over("orders", 670.0, "/s", Some(measured)).verdict;
        assert_eq!((verdict(670.0), verdict(669.9)), (Verdict::Met, Verdict::Missed));
    }

    #[test]
    fn what_measures_more_than_the_budget_never_tells_that_it_is_missed() {
        let verdict = |measured| Budget::under("RPC", 1.0, "ms", Some(measured)).at_most().verdict;
        assert_eq!(verdict(0.8), Verdict::Met);
        assert_eq!(verdict(1.2), Verdict::Unknown);
    }
}
