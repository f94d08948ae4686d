//! `cargo xtask test [SHAPE]`: every test there is, with the end-to-end suite run over one shape of the shop.

mod chaos;
mod compiler;
mod containers;
mod embedded;
mod hostile;
mod packages;
mod rabbitmq;
mod servers;
mod steps;

use std::{fmt, time::Instant};

use clap::ValueEnum;

use containers::engine::{Engine, NoEngine};

/// Run all tests, the end-to-end suite over the shapes given
///
/// Without one: over all of them. On Debian and Ubuntu as root it installs what is missing, elsewhere it says what that is.
/// `embedded` needs nothing but a C compiler.
#[derive(clap::Args)]
pub struct Test {
    /// What the shop under test is made of
    #[arg(value_enum, default_values = ["embedded", "rabbitmq"])]
    shapes: Vec<Shape>,
}

/// What a shop is made of.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// One process, SQLite, the in-process broker: needs nothing but a C compiler
    Embedded,
    /// Several instances of each service, PostgreSQL, RabbitMQ, nginx: these have to be installed
    Rabbitmq,
    /// The image and deploy/compose, on a Docker engine: started privately where none runs. Only if it is named
    Containers,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::Rabbitmq => "rabbitmq",
            Self::Containers => "containers",
        })
    }
}

impl Shape {
    /// Sees to it that what the shape stands on is there.
    fn prepare(self) -> anyhow::Result<()> {
        match self {
            Self::Embedded | Self::Containers => compiler::ensure(),
            Self::Rabbitmq => compiler::ensure().and_then(|()| servers::ensure()),
        }
    }

    /// Runs the tests of this shape, which is one `among` several. All steps are run even if one fails, so that one run tells all there is to tell.
    fn run(self, among: &[Self]) -> anyhow::Result<Outcome> {
        let started = Instant::now();
        let mut steps = Steps::default();
        match self {
            Self::Embedded => {
                // What both would run is run once, with all adapters built in.
                steps.failed = if among.contains(&Self::Rabbitmq) {
                    rabbitmq::run_embedded_end_to_end()?
                } else {
                    embedded::run_all()?
                };
                steps.failed.extend(chaos::run_all(crate::chaos::Shape::Embedded)?);
                match hostile::run()? {
                    hostile::Outcome::Ran(failed) => steps.failed.extend(failed),
                    hostile::Outcome::Skipped(reason) => steps.skip("schemathesis", &reason),
                }
            }
            Self::Rabbitmq => {
                steps.failed = rabbitmq::run_all()?;
                steps.failed.extend(chaos::run_all(crate::chaos::Shape::Rabbitmq)?);
            }
            Self::Containers => match Engine::find_or_start() {
                Ok(engine) => steps.failed = containers::run_all(&engine)?,
                Err(NoEngine::NotHere(reason)) => steps.skip("all of it", &reason),
                Err(NoEngine::Failed(error)) => return Err(error),
            },
        }
        Ok(Outcome { shape: self, steps, seconds: started.elapsed().as_secs_f64() })
    }
}

/// What became of the steps of a shape's tests; of those that are not named here, that they passed.
#[derive(Default)]
struct Steps {
    failed: Vec<String>,
    /// What could not be run, and why.
    skipped: Vec<String>,
}

impl Steps {
    fn skip(&mut self, what: &str, reason: &str) {
        self.skipped.push(format!("{what}: {reason}"));
    }
}

/// How the tests of one shape went.
struct Outcome {
    shape: Shape,
    steps: Steps,
    seconds: f64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, steps, seconds } = self;
        if steps.failed.is_empty() {
            write!(f, "{shape}: passed in {seconds:.1} s")?;
        } else {
            write!(f, "{shape}: FAILED in {seconds:.1} s: `{}`", steps.failed.join("`, `"))?;
        }
        steps.skipped.iter().try_for_each(|skipped| write!(f, "; SKIPPED {skipped}"))
    }
}

impl Test {
    /// Runs the tests of each shape, and says at the end how each went.
    ///
    /// # Errors
    /// If something that a shape needs is missing, or a test failed.
    pub fn run(self) -> anyhow::Result<()> {
        self.shapes.iter().try_for_each(|shape| shape.prepare())?;
        let run = |shape: &Shape| shape.run(&self.shapes);
        let outcomes = self.shapes.iter().map(run).collect::<Result<Vec<_>, _>>()?;
        for outcome in &outcomes {
            eprintln!("xtask: {outcome}");
        }
        let failed = outcomes.iter().any(|outcome| !outcome.steps.failed.is_empty());
        anyhow::ensure!(!failed, "not every test passed");
        Ok(())
    }
}
