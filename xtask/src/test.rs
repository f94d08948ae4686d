//! `cargo xtask test [SHAPE]`: every test there is, with the end-to-end suite run over one shape of the shop.

mod compiler;
mod embedded;
mod packages;
mod rabbitmq;
mod servers;
mod steps;

use std::{fmt, time::Instant};

use clap::ValueEnum;

/// Run all tests, the end-to-end suite over the shapes given
#[derive(clap::Args)]
pub struct Test {
    /// What the shop under test is made of
    #[arg(value_enum, default_value = "embedded")]
    shapes: Vec<Shape>,
}

/// What a shop is made of.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// One process, SQLite, the in-process broker: needs nothing but a C compiler
    Embedded,
    /// Several instances of each service, PostgreSQL, RabbitMQ, nginx: these have to be installed
    Rabbitmq,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::Rabbitmq => "rabbitmq",
        })
    }
}

impl Shape {
    /// Sees to it that what the shape stands on is there.
    fn prepare(self) -> anyhow::Result<()> {
        match self {
            Self::Embedded => compiler::ensure(),
            Self::Rabbitmq => compiler::ensure().and_then(|()| servers::ensure()),
        }
    }

    /// All steps are run even if one fails, so that one run tells all there is to tell.
    fn run(self) -> anyhow::Result<Outcome> {
        self.prepare()?;
        let started = Instant::now();
        let failed = match self {
            Self::Embedded => embedded::run_all(),
            Self::Rabbitmq => rabbitmq::run_all(),
        }?;
        Ok(Outcome { shape: self, failed, seconds: started.elapsed().as_secs_f64() })
    }
}

/// How the tests of one shape went.
struct Outcome {
    shape: Shape,
    failed: Vec<String>,
    seconds: f64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, seconds, .. } = self;
        if self.failed.is_empty() {
            return write!(f, "{shape}: passed in {seconds:.1} s");
        }
        let failed = self.failed.join("`, `");
        write!(f, "{shape}: FAILED in {seconds:.1} s: `{failed}`")
    }
}

impl Test {
    /// Runs the tests of each shape, and says at the end how each went.
    ///
    /// # Errors
    /// If something that a shape needs is missing, or a test failed.
    pub fn run(self) -> anyhow::Result<()> {
        let outcomes = self.shapes.into_iter().map(Shape::run).collect::<Result<Vec<_>, _>>()?;
        for outcome in &outcomes {
            eprintln!("xtask: {outcome}");
        }
        let failed = outcomes.iter().any(|outcome| !outcome.failed.is_empty());
        anyhow::ensure!(!failed, "not every test passed");
        Ok(())
    }
}
