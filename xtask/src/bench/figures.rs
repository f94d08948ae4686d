//! The figures of a journey.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{journeys::Journey, load::Window, measure::median};

/// Times in milliseconds that so many percent of all did not exceed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Percentiles {
    /// Half of all.
    pub p50: f64,
    /// 90 %.
    pub p90: f64,
    /// 99 %.
    pub p99: f64,
}

/// What one run of a journey gave, or the medians of several.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Run {
    /// Journeys a second: for orders, orders that were confirmed.
    pub per_second: f64,
    /// Requests a second.
    pub requests_per_second: f64,
    /// The whole journey.
    pub latency_ms: Percentiles,
    /// For orders: from placed to seen confirmed.
    pub confirmed_ms: Option<Percentiles>,
    /// CPU seconds of all processes of the shop.
    pub cpu_seconds: f64,
    /// CPU milliseconds of all processes of the shop for each journey.
    pub cpu_ms: f64,
    /// The same by part of the shop: `postgres`, `shopping-1`.
    pub cpu_ms_by_part: BTreeMap<String, f64>,
    /// CPU milliseconds of the load generator for each journey.
    pub generator_cpu_ms: f64,
    /// Journeys that failed.
    pub errors: u64,
}

/// A journey as it was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    /// Which.
    pub journey: Journey,
    /// How many shoppers made it at once.
    pub connections: u32,
    /// The medians of the runs; the errors are their sum.
    pub median: Run,
    /// Each run.
    pub runs: Vec<Run>,
    /// Why journeys failed, and how often.
    pub failures: BTreeMap<String, u64>,
}

impl Measured {
    /// What is called by this name: the journey, and how many made it at once if that was one.
    pub fn name(&self) -> String {
        let name = self.journey.name();
        if self.connections == 1 { format!("{name}, alone") } else { name.to_owned() }
    }

    /// The figures of some runs of a journey.
    pub fn of(journey: Journey, connections: u32, windows: Vec<Window>) -> Self {
        let mut failures = BTreeMap::new();
        for (failure, count) in windows.iter().flat_map(|window| &window.failures) {
            *failures.entry(failure.clone()).or_default() += count;
        }
        let runs: Vec<Run> = windows.into_iter().map(Run::of).collect();
        Self { journey, connections, median: Run::median(&runs), runs, failures }
    }
}

impl Run {
    fn of(window: Window) -> Self {
        let Window { length, latencies, confirmations, requests, failures, cpu, own_cpu } = window;
        let journeys = float(latencies.len() as u64);
        let each = |cpu: Duration| if journeys > 0.0 { cpu.as_secs_f64() * 1_000.0 / journeys } else { 0.0 };
        let all: Duration = cpu.values().sum();
        Self {
            per_second: journeys / length.as_secs_f64(),
            requests_per_second: float(requests) / length.as_secs_f64(),
            latency_ms: percentiles(latencies),
            confirmed_ms: (confirmations.len() > 0).then(|| percentiles(confirmations)),
            cpu_seconds: all.as_secs_f64(),
            cpu_ms: each(all),
            cpu_ms_by_part: cpu.into_iter().map(|(part, cpu)| (part, each(cpu))).collect(),
            generator_cpu_ms: each(own_cpu),
            errors: failures.values().sum(),
        }
    }

    /// The median of each figure by itself.
    fn median(runs: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(runs.iter().map(figure));
        let confirmed: Vec<Percentiles> = runs.iter().filter_map(|run| run.confirmed_ms).collect();
        let of_part =
            |part: &String| median(runs.iter().filter_map(|run| run.cpu_ms_by_part.get(part).copied()));
        let parts = runs.first().into_iter().flat_map(|run| run.cpu_ms_by_part.keys());
        let latencies: Vec<Percentiles> = runs.iter().map(|run| run.latency_ms).collect();
        Self {
            per_second: of(|run| run.per_second),
            requests_per_second: of(|run| run.requests_per_second),
            latency_ms: Percentiles::median(&latencies),
            confirmed_ms: (!confirmed.is_empty()).then(|| Percentiles::median(&confirmed)),
            cpu_seconds: of(|run| run.cpu_seconds),
            cpu_ms: of(|run| run.cpu_ms),
            cpu_ms_by_part: parts.map(|part| (part.clone(), of_part(part))).collect(),
            generator_cpu_ms: of(|run| run.generator_cpu_ms),
            errors: runs.iter().map(|run| run.errors).sum(),
        }
    }
}

impl Percentiles {
    fn median(all: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(all.iter().map(figure));
        Self { p50: of(|it| it.p50), p90: of(|it| it.p90), p99: of(|it| it.p99) }
    }
}

fn percentiles(latencies: super::measure::Latencies) -> Percentiles {
    let [p50, p90, p99] = latencies.percentiles([50, 90, 99]);
    Percentiles { p50, p90, p99 }
}

#[expect(clippy::cast_precision_loss, reason = "nothing is counted beyond 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn window(journeys: u32, cpu: u64) -> Window {
        let mut window = Window {
            length: Duration::from_secs(2),
            cpu: BTreeMap::from([("mercato".to_owned(), Duration::from_millis(cpu))]),
            requests: u64::from(journeys) * 3,
            failures: BTreeMap::from([("no answer".to_owned(), 1)]),
            ..Window::default()
        };
        for _ in 0..journeys {
            window.latencies.push(Duration::from_millis(4));
        }
        window
    }

    fn is(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} and not {expected}");
    }

    #[test]
    fn the_medians_are_of_each_figure_and_errors_add_up() {
        let measured = Measured::of(Journey::Cart, 16, vec![window(10, 40), window(40, 40), window(20, 40)]);
        is(measured.median.per_second, 10.0);
        is(measured.median.requests_per_second, 30.0);
        is(measured.median.cpu_ms, 2.0);
        is(measured.median.cpu_ms_by_part["mercato"], 2.0);
        is(measured.median.latency_ms.p99, 4.0);
        assert_eq!((measured.median.errors, measured.failures["no answer"]), (3, 3));
        assert!(measured.median.confirmed_ms.is_none());
    }

    #[test]
    fn a_run_in_which_nothing_went_well_has_no_figures() {
        let measured = Measured::of(Journey::Cart, 16, vec![window(0, 40)]);
        is(measured.median.per_second, 0.0);
        is(measured.median.cpu_ms, 0.0);
    }
}
