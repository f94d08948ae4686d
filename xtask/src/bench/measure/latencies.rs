//! Percentiles.

use std::time::Duration;

/// How long things took.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Latencies(Vec<Duration>);

impl Latencies {
    /// One more.
    pub fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest of them that at least each of `percents` percent of all do not exceed (the nearest rank), in
    /// milliseconds; zero if there are none.
    pub fn percentiles<const N: usize>(mut self, percents: [usize; N]) -> [f64; N] {
        self.0.sort_unstable();
        percents.map(|percent| {
            let rank = (self.0.len() * percent).div_ceil(100).max(1);
            self.0.get(rank - 1).map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
        })
    }
}

/// The median: the mean of the two in the middle if their number is even, zero if there are none.
pub(in super::super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        count if count.is_multiple_of(2) => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        millis.into_iter().for_each(|millis| latencies.push(Duration::from_millis(millis)));
        latencies
    }

    fn are(found: impl AsRef<[f64]>, expected: &[f64]) {
        let close =
            found.as_ref().iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-9);
        assert!(close, "{:?} and not {expected:?}", found.as_ref());
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        are(of((1..=100).rev()).percentiles([50, 90, 99, 100]), &[50.0, 90.0, 99.0, 100.0]);
        are(of([10, 20, 30]).percentiles([1, 50, 99]), &[10.0, 20.0, 30.0]);
    }

    #[test]
    fn a_single_value_is_every_percentile_and_none_is_zero() {
        are(of([7]).percentiles([1, 50, 99]), &[7.0, 7.0, 7.0]);
        are(of([]).percentiles([50]), &[0.0]);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        are([median([3.0, 1.0, 2.0]), median([4.0, 1.0, 2.0, 3.0]), median([])], &[2.0, 2.5, 0.0]);
    }
}
