//! The tests that need PostgreSQL, RabbitMQ and nginx: every adapter's, the end-to-end suite over a stack, and those of
//! the production shape itself, each of which has a stack of its own.

use std::path::Path;

use anyhow::Context as _;
use testkit::{
    servers::Postgres,
    stack::{Plan, Stack},
};
use tokio::runtime::Runtime;

use super::steps::{Variable, has_nextest, run, run_doc_tests};
use crate::stack::build::built_by;

/// What turns these tests on. The same for each step, so that all is built once.
pub(super) const FEATURES: &str = "customer/real-servers,mercato/real-servers,payment/real-servers,platform/real-servers,\
                        products/real-servers,shopping/real-servers,testkit/real-servers";

/// Which tests a step runs: as arguments for nextest, and for `cargo test`.
struct Choice {
    nextest: &'static [&'static str],
    cargo: &'static [&'static str],
}

/// All but those that run a whole shop.
const ADAPTERS: Choice = Choice {
    nextest: &["-E", "not (package(mercato) & kind(test))"],
    cargo: &[
        "--lib",
        "--bins",
        "--test",
        "servers",
        "--test",
        "gateway",
        "--test",
        "postgres_store",
        "--test",
        "rabbitmq_broker",
        "--test",
        "tls",
    ],
};

/// One at a time, since they share a shop; without those that start or end it.
const END_TO_END: Choice = Choice {
    nextest: &["--test-threads=1", "-E", "package(mercato) & binary(e2e) & not test(/^(kill|startup)::/)"],
    cargo: &["--test", "e2e", "--", "--test-threads=1", "--skip", "kill::", "--skip", "startup::"],
};

/// All of it.
const EMBEDDED: Choice =
    Choice { nextest: &["-E", "package(mercato) & binary(e2e)"], cargo: &["--test", "e2e"] };

/// One at a time, since each starts all there is, and wants to know how long it takes.
const PRODUCTION: Choice = Choice {
    nextest: &["--test-threads=1", "-E", "package(mercato) & binary(production)"],
    cargo: &["--test", "production", "--", "--test-threads=1"],
};

/// Runs them, and gives the steps that failed.
///
/// # Errors
/// If cargo cannot be run, or a server does not start.
pub(super) fn run_all() -> anyhow::Result<Vec<String>> {
    let runtime = Runtime::new().context("cannot start a runtime")?;
    let failed = [
        adapters(&runtime)?,
        end_to_end(&runtime)?,
        PRODUCTION.run(&[("MERCATO_SHAPE", "rabbitmq".as_ref())])?,
        run_doc_tests()?,
    ];
    Ok(failed.into_iter().flatten().collect())
}

impl Choice {
    fn run(&self, environment: &[Variable<'_>]) -> anyhow::Result<Option<String>> {
        let (runner, chosen): (&[&str], _) = if has_nextest() {
            (&["nextest", "run"], self.nextest)
        } else {
            (&["test", "--no-fail-fast"], self.cargo)
        };
        run(&[runner, &["--workspace", "--features", FEATURES], chosen].concat(), environment)
    }
}

/// The end-to-end suite over shops of one process each, built like all else here. These start their own.
///
/// # Errors
/// If cargo cannot be run.
pub(super) fn run_embedded_end_to_end() -> anyhow::Result<Vec<String>> {
    let failed = EMBEDDED.run(&[("MERCATO_SHAPE", "embedded".as_ref())])?;
    Ok(failed.into_iter().collect())
}

/// The suites of every store, over one server with a database for each test.
fn adapters(runtime: &Runtime) -> anyhow::Result<Option<String>> {
    let mut postgres = runtime.block_on(Postgres::start())?;
    let url = postgres.administrator_url("postgres");
    let failed = ADAPTERS.run(&[("MERCATO_TEST_POSTGRES_URL", url.as_ref())]);
    runtime.block_on(postgres.stop())?;
    failed
}

/// The end-to-end suite over one stack for all of its tests. It ends with this process at the latest.
fn end_to_end(runtime: &Runtime) -> anyhow::Result<Option<String>> {
    let binary = built_by(["test", "--no-run", "--workspace", "--features", FEATURES])?;
    let home = tempfile::Builder::new().prefix("mercato-test-").tempdir().context("cannot make a folder")?;
    // A test must not be shown what was so a second ago.
    let plan = Plan::new(binary, home.path()).instances(1).set_gateway("CACHE", "off");
    let mut stack = runtime.block_on(Stack::start(plan))?;
    let failed = stack.write_down().map_err(anyhow::Error::from).and_then(|_| over(home.path()));
    runtime.block_on(stack.stop())?;
    failed
}

/// The end-to-end suite over the shop that is written down in the folder `stack`.
///
/// # Errors
/// If cargo cannot be run.
pub(super) fn over(stack: &Path) -> anyhow::Result<Option<String>> {
    END_TO_END.run(&[("MERCATO_SHAPE", "rabbitmq".as_ref()), ("MERCATO_TEST_STACK", stack.as_os_str())])
}
