//! The tests that need PostgreSQL, RabbitMQ and nginx: every adapter's but Kafka's, the end-to-end suite over a stack, and
//! those of the production shape itself, each of which has a stack of its own.

use anyhow::Context as _;
use testkit::{Shape, servers::Postgres};
use tokio::runtime::Runtime;

use super::{
    choice::{Build, Choice},
    stack,
    steps::run_doc_tests,
};

const ADAPTERS_FOR_CARGO: &[&str] = &[
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
];

/// All but those that run a whole shop.
const ADAPTERS: Choice =
    Choice { nextest: &["-E", "not (package(mercato) & kind(test))"], cargo: ADAPTERS_FOR_CARGO };

/// The same where Kafka's adapter is built in, whose suites have a step of their own.
const ADAPTERS_BUT_KAFKA: Choice = Choice {
    nextest: &["-E", "not (package(mercato) & kind(test)) & not binary(/^kafka_/)"],
    cargo: ADAPTERS_FOR_CARGO,
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
pub(super) fn run_all(build: Build) -> anyhow::Result<Vec<String>> {
    let runtime = Runtime::new().context("cannot start a runtime")?;
    let failed = [
        adapters(&runtime, build)?,
        stack::end_to_end(&runtime, build, Shape::Rabbitmq)?,
        PRODUCTION.run(build, &[("MERCATO_SHAPE", "rabbitmq".as_ref())])?,
        run_doc_tests()?,
    ];
    Ok(failed.into_iter().flatten().collect())
}

/// The end-to-end suite over shops of one process each, built like all else here. These start their own.
///
/// # Errors
/// If cargo cannot be run.
pub(super) fn run_embedded_end_to_end(build: Build) -> anyhow::Result<Vec<String>> {
    let failed = EMBEDDED.run(build, &[("MERCATO_SHAPE", "embedded".as_ref())])?;
    Ok(failed.into_iter().collect())
}

/// The suites of every store, over one server with a database for each test.
fn adapters(runtime: &Runtime, build: Build) -> anyhow::Result<Option<String>> {
    let mut postgres = runtime.block_on(Postgres::start())?;
    let url = postgres.administrator_url("postgres");
    let adapters = if build.kafka { ADAPTERS_BUT_KAFKA } else { ADAPTERS };
    let failed = adapters.run(build, &[("MERCATO_TEST_POSTGRES_URL", url.as_ref())]);
    runtime.block_on(postgres.stop())?;
    failed
}
