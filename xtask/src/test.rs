//! `cargo xtask test [SHAPE]`: the tests, with the end-to-end suite run over one shape of the shop, or over several.

mod chaos;
mod choice;
mod containers;
mod embedded;
mod hostile;
mod kafka;
mod rabbitmq;
mod stack;
mod steps;

use std::{fmt, time::Instant};

use clap::{ValueEnum, builder::PossibleValue};
use testkit::Shape;

use crate::{interrupt::end_when_interrupted, needs};
use choice::Build;
use containers::engine::{Engine, NoEngine};

/// Run all tests, the end-to-end suite over the shapes given
///
/// Without one: over all but `containers`, and over `kafka` if what it needs is here or can be had. On Debian and Ubuntu as root
/// it installs what is missing, elsewhere it says what that is. `embedded` needs nothing but a C compiler.
#[derive(clap::Args)]
pub struct Test {
    /// What the shop under test is made of
    #[arg(value_enum)]
    shapes: Vec<Subject>,
}

/// What is tested if nothing is said.
const USUAL: [Subject; 3] =
    [Subject::Shop(Shape::Embedded), Subject::Shop(Shape::Rabbitmq), Subject::Shop(Shape::Kafka)];

/// What is tested.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// A shop of this shape.
    Shop(Shape),
    /// The image and deploy/compose.
    Containers,
}

impl ValueEnum for Subject {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Subject; 4] = [USUAL[0], USUAL[1], USUAL[2], Subject::Containers];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Shop(shape) => shape.to_possible_value(),
            Self::Containers => Some(PossibleValue::new("containers").help(
                "The image and deploy/compose, on a Docker engine: started privately where none runs. Only if it is named",
            )),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shop(shape) => shape.fmt(f),
            Self::Containers => f.write_str("containers"),
        }
    }
}

impl Subject {
    /// Sees to it that what it stands on is there.
    fn prepare(self) -> anyhow::Result<()> {
        match self {
            Self::Shop(shape) => needs::ensure(shape),
            // The image has Kafka's adapter in it.
            Self::Containers => {
                needs::compiler::ensure().and_then(|()| needs::compiler::ensure_for_librdkafka())
            }
        }
    }

    /// Runs its tests, which are one `among` several. All steps are run even if one fails, so that one run tells all there is to tell.
    fn run(self, among: &[Self]) -> anyhow::Result<Outcome> {
        let started = Instant::now();
        let mut steps = Steps::default();
        let build = Build::of(among);
        match self {
            Self::Shop(shape @ Shape::Embedded) => {
                // What both would run is run once, with all adapters built in.
                steps.failed = if among.contains(&Self::Shop(Shape::Rabbitmq)) {
                    rabbitmq::run_embedded_end_to_end(build)?
                } else {
                    embedded::run_all()?
                };
                steps.failed.extend(chaos::run_all(shape, build)?);
                match hostile::run()? {
                    hostile::Outcome::Ran(failed) => steps.failed.extend(failed),
                    hostile::Outcome::Skipped(reason) => steps.skip("schemathesis", &reason),
                }
            }
            Self::Shop(shape @ Shape::Rabbitmq) => {
                steps.failed = rabbitmq::run_all(build)?;
                steps.failed.extend(chaos::run_all(shape, build)?);
            }
            Self::Shop(shape @ Shape::Kafka) => {
                steps.failed = kafka::run_all(build)?;
                // Each time that a member of a group is killed, the group takes its time to notice.
                if among.len() == 1 {
                    steps.failed.extend(chaos::run_all(shape, build)?);
                } else {
                    steps.failed.extend(chaos::short(shape, build));
                    steps.skip("tests/chaos/kafka.rs", "some minutes that `cargo xtask test kafka` takes");
                }
            }
            Self::Containers => match Engine::find_or_start() {
                Ok(engine) => steps.failed = containers::run_all(&engine, build)?,
                Err(NoEngine::NotHere(reason)) => steps.skip("all of it", &reason),
                Err(NoEngine::Failed(error)) => return Err(error),
            },
        }
        Ok(Outcome { subject: self, steps, seconds: started.elapsed().as_secs_f64() })
    }
}

impl Build {
    fn of(subjects: &[Subject]) -> Self {
        let has_kafka = |it: &Subject| matches!(it, Subject::Shop(Shape::Kafka) | Subject::Containers);
        Self { kafka: subjects.iter().any(has_kafka) }
    }
}

/// What became of the steps of a subject's tests; of those that are not named here, that they passed.
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

/// How the tests of one subject went.
struct Outcome {
    subject: Subject,
    steps: Steps,
    seconds: f64,
}

impl Outcome {
    /// None of it could be run, for this reason.
    fn skipped(subject: Subject, reason: &str) -> Self {
        let mut steps = Steps::default();
        steps.skip("all of it", reason);
        Self { subject, steps, seconds: 0.0 }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, steps, seconds } = self;
        if steps.failed.is_empty() {
            write!(f, "{subject}: passed in {seconds:.1} s")?;
        } else {
            write!(f, "{subject}: FAILED in {seconds:.1} s: `{}`", steps.failed.join("`, `"))?;
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
        end_when_interrupted()?;
        let mut outcomes = Vec::new();
        let mut subjects = Vec::new();
        for subject in if self.shapes.is_empty() { USUAL.to_vec() } else { self.shapes.clone() } {
            match subject.prepare() {
                Ok(()) => subjects.push(subject),
                // Its broker comes from a registry, and its client takes a C++ compiler: whoever did not ask for it may lack them.
                Err(error) if self.shapes.is_empty() && subject == Subject::Shop(Shape::Kafka) => {
                    outcomes.push(Outcome::skipped(subject, &format!("{error:#}")));
                }
                Err(error) => return Err(error),
            }
        }
        for subject in &subjects {
            outcomes.push(subject.run(&subjects)?);
        }
        for outcome in &outcomes {
            eprintln!("xtask: {outcome}");
        }
        let failed = outcomes.iter().any(|outcome| !outcome.steps.failed.is_empty());
        anyhow::ensure!(!failed, "not every test passed");
        Ok(())
    }
}
