//! `cargo xtask bundle beanstalk`: what a cloud takes in place of an image.

use std::{path::PathBuf, process::Command};

use anyhow::{Context as _, ensure};
use clap::ValueEnum;

/// Make the archive that a cloud's service is given
#[derive(clap::Args)]
pub struct Bundle {
    /// For whom
    #[arg(value_enum)]
    target: Target,
    /// The image with its version, such as ghcr.io/example/mercato:1.2.3
    image: String,
    /// Where to put it
    #[arg(default_value = "mercato.zip")]
    file: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Target {
    /// AWS Elastic Beanstalk, on its Docker platform
    Beanstalk,
}

impl Bundle {
    /// Makes it.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn run(self) -> anyhow::Result<()> {
        let Target::Beanstalk = self.target;
        let file = std::path::absolute(&self.file).context("cannot tell where the file is to be")?;
        // A script, since the workflow has it made where nothing of this workspace is built.
        let script: PathBuf =
            [env!("CARGO_MANIFEST_DIR"), "..", "deploy", "beanstalk", "bundle"].iter().collect();
        let made = Command::new(&script).arg(&self.image).arg(file).status();
        let made = made.with_context(|| format!("cannot run {}", script.display()))?;
        ensure!(made.success(), "{} failed", script.display());
        Ok(())
    }
}
