//! The tests that need a broker that speaks Kafka's protocol: its adapter's, and the end-to-end suite over a stack.

use anyhow::Context as _;
use testkit::Shape;
use tokio::runtime::Runtime;

use super::{
    choice::{Build, Choice},
    stack,
};

/// The promises of a broker, over a real one and over one within the test that fails when it is told to.
const ADAPTER: Choice = Choice {
    nextest: &["-E", "package(platform) & (binary(/^kafka_/) | test(/^messaging::kafka::/))"],
    cargo: &["--test", "kafka_broker", "--test", "kafka_failures"],
};

/// Runs them, and gives the steps that failed.
///
/// # Errors
/// If cargo cannot be run, or a server does not start.
pub(super) fn run_all(build: Build) -> anyhow::Result<Vec<String>> {
    let runtime = Runtime::new().context("cannot start a runtime")?;
    let failed = [ADAPTER.run(build, &[])?, stack::end_to_end(&runtime, build, Shape::Kafka)?];
    Ok(failed.into_iter().flatten().collect())
}
