//! A process that crashes where it hurts most.

use std::time::Duration;

use testkit::chaos::{Act, Fault, Faults, Plan, Point, Shape};

use crate::{plan, run};

/// When the instance comes to the place for this time.
const TIMES: u32 = 7;

/// Has an instance crash at each of these places, one after the other, and expects that every promise is kept.
pub async fn expect_nothing_broken(shape: Shape, crashes: impl IntoIterator<Item = (usize, Point)>) {
    let crash = |(instance, point)| Act {
        calm: Duration::from_millis(300),
        faults: vec![Fault::Crash { instance, point, times: TIMES }],
        // At the most: it is over with the crash.
        lasts: Duration::from_secs(30),
    };
    let acts: Vec<Act> = crashes.into_iter().map(crash).collect();
    let crashes = acts.len();
    let report = run(&Plan { faults: Faults::Listed(acts), ..plan(shape, Duration::ZERO) }).await;
    assert_eq!(report.episodes.len(), crashes);
    for episode in &report.episodes {
        assert!(episode.notes.is_empty(), "{episode:?}: a place that nobody comes to proves nothing");
    }
    assert!(report.holds(), "{report}");
}
