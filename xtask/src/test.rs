//! `cargo xtask test [SHAPE]`: every test there is, with the end-to-end suite run over one shape of the shop.

mod compiler;
mod containers;
mod embedded;
mod packages;
mod rabbitmq;
mod servers;
mod steps;

use std::{fmt, time::Instant};

use clap::ValueEnum;

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
        let failed = match self {
            // What both would run is run once, with all adapters built in.
            Self::Embedded if among.contains(&Self::Rabbitmq) => rabbitmq::run_embedded_end_to_end(),
            Self::Embedded => embedded::run_all(),
            Self::Rabbitmq => rabbitmq::run_all(),
            Self::Containers => match containers::engine::Engine::find_or_start() {
                Ok(engine) => containers::run_all(&engine),
                Err(containers::engine::NoEngine::NotHere(reason)) => {
                    return Ok(Outcome {
                        shape: self,
                        skipped: Some(reason),
                        failed: Vec::new(),
                        seconds: 0.0,
                    });
                }
                Err(containers::engine::NoEngine::Failed(error)) => Err(error),
            },
        }?;
        Ok(Outcome { shape: self, skipped: None, failed, seconds: started.elapsed().as_secs_f64() })
    }
}

/// How the tests of one shape went.
struct Outcome {
    shape: Shape,
    /// Why nothing was run.
    skipped: Option<String>,
    failed: Vec<String>,
    seconds: f64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, seconds, .. } = self;
        if let Some(reason) = &self.skipped {
            return write!(f, "{shape}: SKIPPED, nothing was tested: {reason}");
        }
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
        self.shapes.iter().try_for_each(|shape| shape.prepare())?;
        let run = |shape: &Shape| shape.run(&self.shapes);
        let outcomes = self.shapes.iter().map(run).collect::<Result<Vec<_>, _>>()?;
        for outcome in &outcomes {
            eprintln!("xtask: {outcome}");
        }
        let failed = outcomes.iter().any(|outcome| !outcome.failed.is_empty());
        anyhow::ensure!(!failed, "not every test passed");
        Ok(())
    }
}
