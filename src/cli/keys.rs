//! Keys that sign access tokens.

use std::process::ExitCode;

use clap::Subcommand;
use platform::Clock;

use crate::{output, settings::Settings};

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Make a key beside the others and print its id; a shop that runs begins to sign with it a minute later
    Rotate,
    /// Print the id and the file of each key, the newest first
    List,
}

impl Keys {
    pub(super) fn run(&self, settings: &Settings) -> anyhow::Result<ExitCode> {
        match self {
            Self::Rotate => output::line(customer::rotate_keys(&settings.keys(), Clock::system().now())?),
            Self::List => {
                let folder = settings.keys();
                anyhow::ensure!(folder.exists(), "there are no keys in {}", folder.display());
                for key in customer::list_keys(&folder)? {
                    output::line(format!("{} {}", key.kid, key.path.display()));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
