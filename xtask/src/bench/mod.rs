//! `cargo xtask bench`: what the shop can do, and what that costs.
//!
//! | file | what it has |
//! |---|---|
//! | `args` | the command line |
//! | `release` | building what is measured, and what measures |
//! | `target` | the shop that is measured: one match arm for each shape |
//! | `world` | products and customers, made before anything is measured |
//! | `client`, `journeys`, `load` | the load generator: a connection, what goes over it, and many of them at once |
//! | `limits` | what the servers do without a shop |
//! | `measure` | percentiles, CPU time, memory, starts |
//! | `figures`, `budgets`, `machine`, `report` | what becomes of it |
//! | `compare` | two runs side by side |

mod args;
mod budgets;
mod client;
mod compare;
mod figures;
mod journeys;
mod limits;
mod load;
mod machine;
mod measure;
mod release;
mod report;
mod target;
mod world;

use std::{fs, io::Write as _, time::Duration};

use anyhow::{Context as _, bail};
use testkit::Shape;

pub use args::Bench;
use args::{Other, Settings};
use figures::Measured;
use journeys::Journey;
use limits::{Limits, Servers};
use load::Load;
use machine::Circumstances;
use measure::{Alone, Memory, Starts, each_alone, each_of_stack, restarts, starts};
use report::Report;
use target::{Premises, StaffLogin, Target};
use world::World;

use crate::{interrupt::interrupted, needs};

impl Bench {
    /// Measures, or compares what was measured.
    ///
    /// # Errors
    /// If the shop cannot be built or started, or the audit finds that it did something wrong.
    pub fn run(self) -> anyhow::Result<()> {
        if let Some(Other::Compare { before, after }) = self.other {
            return print(&compare::compare(&before, &after)?);
        }
        release::ensure_optimised()?;
        if self.settings.shape == Shape::Kafka {
            needs::kafka::ensure()?;
        }
        let binary = match &self.settings.binary {
            Some(binary) => std::path::absolute(binary)?,
            None => release::build_shop(self.settings.shape)?,
        };
        let premises = Premises::new(self.settings.shape, binary)?;
        // One thread: the load generator is to leave the other cores to the shop.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let report = runtime.block_on(async {
            tokio::select! {
                report = measure(&self.settings, &premises) => report,
                // Dropping what was measuring ends the shop.
                interrupted = interrupted() => interrupted.and_then(|()| bail!("interrupted")),
            }
        })?;
        print(&report.to_string())?;
        if let Some(file) = &self.settings.json {
            let json = format!("{}\n", serde_json::to_string_pretty(&report)?);
            fs::write(file, json).with_context(|| format!("cannot write {}", file.display()))?;
        }
        anyhow::ensure!(report.is_sound(), "the audit is not clean");
        Ok(())
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}

/// Memory and starts come first, as long as nobody has used the shop.
async fn measure(settings: &Settings, premises: &Premises) -> anyhow::Result<Report> {
    let circumstances = Circumstances::now();
    let Opening { mut target, starts, alone, staff } = open(premises).await?;
    let idle = Memory::of(&target).await?;
    eprintln!("bench: products and customers");
    let world = World::make(&target, &staff, settings.connections).await?;
    let mut journeys = Vec::new();
    for load in loads(settings) {
        journeys.push(repeat(load, settings.runs, &target, &world).await?);
    }
    let loaded = Memory::of(&target).await?;
    let services = Memory::of_services(&target)?;
    eprintln!("bench: audit");
    let audit = target.audit().await?;
    let limits = limits(settings, &mut target).await?;
    target.stop().await?;
    let settings = settings.clone();
    let budgets = Vec::new();
    let report = Report {
        circumstances,
        settings,
        starts,
        idle,
        loaded,
        services,
        alone,
        journeys,
        limits,
        budgets,
        audit,
    };
    Ok(report.with_budgets())
}

/// A shop that nobody has used, and what was measured on the way there.
struct Opening {
    target: Target,
    starts: Starts,
    alone: Vec<Alone>,
    staff: StaffLogin,
}

async fn open(premises: &Premises) -> anyhow::Result<Opening> {
    match premises.shape() {
        Shape::Embedded => {
            eprintln!("bench: each service by itself");
            let alone = each_alone(premises).await?;
            eprintln!("bench: starting the shop, for the first time and five times more");
            let (starts, staff) = starts(premises).await?;
            Ok(Opening { target: premises.start().await?, starts, alone, staff })
        }
        Shape::Rabbitmq | Shape::Kafka => {
            eprintln!("bench: starting the stack");
            let mut target = premises.start().await?;
            let first = target.started_in;
            let stack = target.stack().context("a stack was started")?;
            let starts = restarts(first, stack).await?;
            target.look_again();
            let alone = each_of_stack(&target).await?;
            let staff = target.staff.clone().context("the stack has no staff login")?;
            Ok(Opening { target, starts, alone, staff })
        }
    }
}

/// What the servers of a stack do without the shop.
async fn limits(settings: &Settings, target: &mut Target) -> anyhow::Result<Option<Limits>> {
    let (front, postgres, rabbitmq) = (target.front, target.pid("postgres"), target.pid("rabbitmq"));
    let (Some(postgres), Some(stack)) = (postgres, target.stack()) else { return Ok(None) };
    eprintln!("bench: the servers without the shop");
    limits::measure(stack, Servers { postgres, rabbitmq, front }, settings).await.map(Some)
}

/// Each journey by all shoppers, and what the budgets are about by a single one.
fn loads(settings: &Settings) -> Vec<Load> {
    let Settings { connections, seconds, most, .. } = *settings;
    let load =
        |(journey, connections)| Load { journey, connections, length: Duration::from_secs(seconds), most };
    let mut all = Vec::new();
    for journey in settings.journey.journeys() {
        all.push((journey, connections));
        match journey {
            Journey::Cart => all.push((Journey::ReadCart, 1)),
            Journey::Order if connections > 1 => all.push((Journey::Order, 1)),
            _ => {}
        }
    }
    all.into_iter().map(load).collect()
}

async fn repeat(load: Load, runs: u32, target: &Target, world: &World) -> anyhow::Result<Measured> {
    let mut windows = Vec::new();
    for run in 1..=runs {
        let Load { journey, connections, .. } = load;
        eprintln!("bench: {}, {connections} at once, run {run} of {runs}", journey.name());
        world.empty_carts(target).await?;
        if journey == Journey::ReadCart {
            world.fill_carts(target).await?;
        }
        windows.push(load.run(target, world).await?);
    }
    Ok(Measured::of(load.journey, load.connections, windows))
}
