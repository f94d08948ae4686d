//! A process that crashes where it hurts most.

use std::time::Duration;

use testkit::chaos::{Act, Fault, Faults, Plan, Point, Shape};

use crate::{plan, run};

/// One crash after the other of an instance, at each of these places, when it comes there for the `times`-th time.
fn one_by_one(points: &[Point], instance: usize, times: u32) -> Faults {
    let crash = |point| Act {
        calm: Duration::from_millis(300),
        faults: vec![Fault::Crash { instance, point, times }],
        // At the most: it is over with the crash.
        lasts: Duration::from_secs(30),
    };
    Faults::Listed(points.iter().copied().map(crash).collect())
}

/// Has the instance crash at each of these places, and expects that every promise is kept.
pub async fn expect_nothing_broken(shape: Shape, instance: usize, points: &[Point]) {
    let report = run(&Plan { faults: one_by_one(points, instance, 7), ..plan(shape, Duration::ZERO) }).await;
    assert_eq!(report.episodes.len(), points.len());
    for episode in &report.episodes {
        assert!(episode.notes.is_empty(), "{episode:?}: a place that nobody comes to proves nothing");
    }
    assert!(report.holds(), "{report}");
}
