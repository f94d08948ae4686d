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
    /// Close a login; its tokens are no longer good
    Remove {
        /// The email address that it signs in with
        email: String,
    },
}

impl Staff {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<ExitCode> {
        if !roles::exists(Service::Customer, settings)? {
            match self {
                Self::Add { .. } => eprintln!("mercato: there was no shop in {}", settings.data.display()),
                Self::Remove { .. } => return Err(roles::no_shop(settings)),
            }
        }
        roles::prepare_folder(settings)?;
        roles::migrate(Service::Customer, settings).await?;
        let (store, clock) = (roles::open(Service::Customer, settings).await?, Clock::system());
        match self {
            Self::Add { email } => output::line(customer::add_staff(&store, &clock, &email).await?),
            Self::Remove { email } => {
                customer::remove_staff(&store, &clock, &email).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
