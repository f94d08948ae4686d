//! `cargo xtask chaos`: the whole shop under load, broken in every way that fits on one machine, and what became of each order.
//!
//! What is done and checked is in `testkit::chaos`. Here are the command line, the build and the files.

pub mod build;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use testkit::{
    Shape,
    chaos::{self, Plan, Report},
};
use tokio::runtime::Runtime;

use crate::{interrupt::interrupted, needs};

/// Break a whole shop under load, and show what became of every order
///
/// The shop is a build of its own that can be broken on purpose; nothing of that is in any other. The report goes to standard
/// output as Markdown, and the exit code is 0 only if every promise was kept.
#[derive(Clone, Debug, clap::Args)]
pub struct Chaos {
    /// What the shop is made of
    #[arg(long, value_enum, default_value = "embedded")]
    shape: Shape,
    /// What faults and purchases are drawn from; the same for the same number. Without it: a fresh one, which the report names
    #[arg(long)]
    seed: Option<u64>,
    /// How long the shop is under load and faults
    #[arg(long, default_value_t = 2.0, value_parser = minutes)]
    minutes: f64,
    /// Build for release, as a long run should
    #[arg(long)]
    release: bool,
    /// Keep the report in this file as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Keep the report in this file as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Build as the shape `kafka` needs it, whatever the shape is.
    #[arg(skip)]
    kafka: bool,
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    // With how far the clocks go ahead, it has to end before a token of a day expires.
    if (0.05..=12.0 * 60.0).contains(&minutes) { Ok(minutes) } else { Err("from 0.05 to 720".to_owned()) }
}

impl Chaos {
    /// A run that is short enough to be among the tests, and always of the same seed; on a build with Kafka if `kafka`.
    #[must_use]
    pub const fn short(shape: Shape, kafka: bool) -> Self {
        // The first faults of these seeds are of many kinds, and none takes long to come back from.
        let seed = match shape {
            Shape::Embedded => 1,
            Shape::Rabbitmq => 16,
            Shape::Kafka => 56,
        };
        Self { shape, seed: Some(seed), minutes: 0.25, release: false, json: None, markdown: None, kafka }
    }

    /// Runs it.
    ///
    /// # Errors
    /// If the shop cannot be built or started, does not come back, or has broken a promise.
    pub fn run(mut self) -> anyhow::Result<()> {
        if self.shape == Shape::Kafka {
            needs::kafka::ensure()?;
        }
        let binary = build::shop(self.release, self.kafka || self.shape == Shape::Kafka)?;
        let seed = *self.seed.get_or_insert_with(|| u64::from(uuid::Uuid::new_v4().as_fields().0));
        let plan = Plan::new(binary.path(), self.shape, seed, Duration::from_secs_f64(self.minutes * 60.0));
        eprintln!("chaos: {}, seed {seed}, {} minutes", self.shape, self.minutes);
        let runtime = Runtime::new().context("cannot start a runtime")?;
        let report = runtime.block_on(async {
            tokio::select! {
                report = chaos::run(&plan, |what| eprintln!("chaos: {what}")) => report,
                // Dropping what was run ends the shop.
                interrupted = interrupted() => interrupted.and_then(|()| bail!("interrupted")),
            }
        })?;
        self.publish(&Report { replay: self.replay(), ..report })
    }

    /// The command line that does the same again.
    #[must_use]
    pub fn replay(&self) -> String {
        let release = if self.release { " --release" } else { "" };
        let seed = self.seed.map_or_else(String::new, |seed| format!(" --seed {seed}"));
        let (shape, minutes) = (self.shape, self.minutes);
        format!("cargo xtask chaos --shape {shape}{seed} --minutes {minutes}{release}")
    }

    fn publish(&self, report: &Report) -> anyhow::Result<()> {
        let text = report.to_string();
        std::io::stdout().lock().write_all(text.as_bytes())?;
        if let Some(file) = &self.markdown {
            write(file, &text)?;
        }
        if let Some(file) = &self.json {
            write(file, &format!("{}\n", serde_json::to_string_pretty(report)?))?;
        }
        anyhow::ensure!(!report.orders.is_empty(), "nobody ordered anything, so nothing was shown");
        anyhow::ensure!(report.holds(), "broken: {}; again: {}", report.broken().join(", "), report.replay);
        Ok(())
    }
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_of_a_report_runs_the_same_again() {
        let replay = Chaos::short(Shape::Rabbitmq, true).replay();
        assert_eq!(replay, "cargo xtask chaos --shape rabbitmq --seed 16 --minutes 0.25");
    }
}
