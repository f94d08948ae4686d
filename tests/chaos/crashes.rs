//! A process that crashes where it hurts most.

use std::time::Duration;

use testkit::chaos::{Act, Fault, Faults, Plan, Point, Shape};

use crate::{plan, run};

/// One crash after the other of instance `instance`, at each named place, when it comes there for the `times`-th time.
fn at_each_place(instance: usize, times: u32) -> Faults {
    let crash = |point| Act {
        calm: Duration::from_millis(300),
        faults: vec![Fault::Crash { instance, point, times }],
        // At the most: it is over with the crash.
        lasts: Duration::from_secs(30),
    };
    Faults::Listed(Point::ALL.into_iter().map(crash).collect())
}

async fn crashes_at_each_place_break_nothing(shape: Shape, instance: usize) {
    let report = run(&Plan { faults: at_each_place(instance, 7), ..plan(shape, Duration::ZERO) }).await;
    assert_eq!(report.episodes.len(), Point::ALL.len());
    for episode in &report.episodes {
        assert!(episode.notes.is_empty(), "{episode:?}: a place that nobody comes to proves nothing");
    }
    assert!(report.broken().is_empty(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_crashes_at_each_named_place_keeps_every_promise() {
    crashes_at_each_place_break_nothing(Shape::Embedded, 0).await;
}

#[cfg(feature = "real-servers")]
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_crashes_at_each_named_place_keeps_every_promise() {
    // Instances come in the order of the services: customer, products, shopping, payment, two of each.
    crashes_at_each_place_break_nothing(Shape::Rabbitmq, 4).await;
}
