//! Logins of members of staff.

use std::process::ExitCode;

use clap::Subcommand;
use contracts::Service;
use platform::Clock;

use crate::{output, roles, settings::Settings};

#[derive(Debug, Subcommand)]
pub(super) enum Staff {
    /// Make a login and print its password, this once
    Add {
        /// The email address to sign in with
        email: String,
    },
}

impl Staff {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<ExitCode> {
        let Self::Add { email } = self;
        roles::prepare_folder(settings)?;
        roles::migrate(Service::Customer, settings).await?;
        let store = roles::open(Service::Customer, settings).await?;
        let password = customer::add_staff(&store, &Clock::system(), &email).await?;
        output::line(password);
        Ok(ExitCode::SUCCESS)
    }
}
