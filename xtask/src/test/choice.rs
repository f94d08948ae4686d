//! Which tests a step runs, and what is built in for them.

use super::steps::{Variable, has_nextest, run};

/// What is built in. The same for each step of a run, so that all is built once.
#[derive(Clone, Copy)]
pub(super) struct Build {
    /// Kafka's adapter: only where it is wanted, since it takes more than a C compiler.
    pub kafka: bool,
}

impl Build {
    /// The tests that need servers, and what they are about.
    pub(super) fn features(self) -> String {
        let packages = ["customer", "mercato", "payment", "platform", "products", "shopping", "testkit"];
        let mut features = packages.map(|package| format!("{package}/real-servers")).join(",");
        if self.kafka {
            features += ",mercato/kafka,platform/kafka";
        }
        features
    }
}

/// Which tests a step runs: as arguments for nextest, and for `cargo test`.
pub(super) struct Choice {
    pub nextest: &'static [&'static str],
    pub cargo: &'static [&'static str],
}

impl Choice {
    /// Runs them, and gives the step if it failed.
    ///
    /// # Errors
    /// If cargo cannot be run.
    pub(super) fn run(&self, build: Build, environment: &[Variable<'_>]) -> anyhow::Result<Option<String>> {
        let (runner, chosen): (&[&str], _) = if has_nextest() {
            (&["nextest", "run"], self.nextest)
        } else {
            (&["test", "--no-fail-fast"], self.cargo)
        };
        run(&[runner, &["--workspace", "--features", &build.features()], chosen].concat(), environment)
    }
}
