//! What each safeguard is for.

use std::time::Duration;

use testkit::chaos::{Plan, Safeguard, Shape};

use crate::{plan, run};

/// Long enough for every kind of message to have come twice.
pub const LENGTH: Duration = Duration::from_secs(4);

/// Which promises are broken if the shop does without a safeguard, or with all of them.
pub async fn broken_without(shape: Shape, without: Option<Safeguard>) -> Vec<String> {
    broken_in(Plan { without, ..plan(shape, LENGTH) }).await
}

/// Which promises are broken in a run.
pub async fn broken_in(plan: Plan) -> Vec<String> {
    let report = run(&plan).await;
    assert_eq!(report.without.as_deref(), plan.without.map(Safeguard::name));
    report.broken().into_iter().map(str::to_owned).collect()
}
