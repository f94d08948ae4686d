//! The end-to-end suite over a stack: one for all of its tests.

use std::path::Path;

use anyhow::Context as _;
use testkit::{
    Shape,
    stack::{Plan, Stack},
};
use tokio::runtime::Runtime;

use super::choice::{Build, Choice};
use crate::stack::build::built_by;

/// One at a time, since they share a shop; without those that start or end it.
const END_TO_END: Choice = Choice {
    nextest: &["--test-threads=1", "-E", "package(mercato) & binary(e2e) & not test(/^(kill|startup)::/)"],
    cargo: &["--test", "e2e", "--", "--test-threads=1", "--skip", "kill::", "--skip", "startup::"],
};

/// Runs it over a stack of this shape, which ends with this process at the latest.
///
/// # Errors
/// If cargo cannot be run, or a server does not start.
pub(super) fn end_to_end(runtime: &Runtime, build: Build, shape: Shape) -> anyhow::Result<Option<String>> {
    let binary = built_by(["test", "--no-run", "--workspace", "--features", &build.features()])?;
    let home = tempfile::Builder::new().prefix("mercato-test-").tempdir().context("cannot make a folder")?;
    // A test must not be shown what was so a second ago.
    let plan = Plan::new(binary, home.path()).instances(1).set_gateway("CACHE", "off");
    let plan = plan.broker(shape.broker().context("a shape with servers")?);
    let mut stack = runtime.block_on(Stack::start(plan))?;
    let written = stack.write_down().map_err(anyhow::Error::from);
    let failed = written.and_then(|_| over(build, shape, home.path()));
    runtime.block_on(stack.stop())?;
    failed
}

/// Runs it over the shop of this shape that is written down in the folder `stack`.
///
/// # Errors
/// If cargo cannot be run.
pub(super) fn over(build: Build, shape: Shape, stack: &Path) -> anyhow::Result<Option<String>> {
    let environment = [("MERCATO_SHAPE", shape.name().as_ref()), ("MERCATO_TEST_STACK", stack.as_os_str())];
    END_TO_END.run(build, &environment)
}
