//! `cargo xtask test [SHAPE]`: every test there is, with the end-to-end suite run over one shape of the shop.

mod chaos;
mod compiler;
mod embedded;
mod hostile;
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

    /// Runs the tests of this shape, which is one `among` several. All steps are run even if one fails, so that one run tells all there is to tell.
    fn run(self, among: &[Self]) -> anyhow::Result<Outcome> {
        let started = Instant::now();
        let mut failed = match self {
            // What both would run is run once, with all adapters built in.
            Self::Embedded if among.contains(&Self::Rabbitmq) => rabbitmq::run_embedded_end_to_end(),
            Self::Embedded => embedded::run_all(),
            Self::Rabbitmq => rabbitmq::run_all(),
        }?;
        failed.extend(chaos::run_all(match self {
            Self::Embedded => crate::chaos::Shape::Embedded,
            Self::Rabbitmq => crate::chaos::Shape::Rabbitmq,
        })?);
        let mut skipped = None;
        if self == Self::Embedded {
            match hostile::run()? {
                hostile::Outcome::Ran(steps) => failed.extend(steps),
                hostile::Outcome::Skipped(reason) => skipped = Some(format!("schemathesis: {reason}")),
            }
        }
        Ok(Outcome { shape: self, failed, skipped, seconds: started.elapsed().as_secs_f64() })
    }
}

/// How the tests of one shape went.
struct Outcome {
    shape: Shape,
    failed: Vec<String>,
    /// What could not be run, and why.
    skipped: Option<String>,
    seconds: f64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, seconds, .. } = self;
        if self.failed.is_empty() {
            write!(f, "{shape}: passed in {seconds:.1} s")?;
        } else {
            write!(f, "{shape}: FAILED in {seconds:.1} s: `{}`", self.failed.join("`, `"))?;
        }
        self.skipped.as_ref().map_or(Ok(()), |skipped| write!(f, "; SKIPPED {skipped}"))
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
