//! The command line.

#![expect(clippy::doc_markdown, reason = "these comments are what --help prints")]

mod audit;
mod dead_letters;
mod documents;
mod health;
mod keys;
mod replay;
mod seed;
mod serve;
mod staff;

use std::{net::IpAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use contracts::Service;
use platform::{http::ServeError, store::LockError};

use crate::{
    output,
    production::Refused,
    roles,
    settings::{BadSetting, Overrides, Settings},
};

/// An online shop: four services, in one process or many.
///
/// Without a command it serves the whole shop on http://127.0.0.1:8000.
#[derive(Debug, Parser)]
#[command(name = "mercato", version, max_term_width = 100)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
struct Common {
    /// The folder where the embedded default keeps everything [default: mercato-data, or MERCATO_DATA]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address to listen on [default: 127.0.0.1, or MERCATO_ADDRESS]
    #[arg(long, global = true, value_name = "IP")]
    address: Option<IpAddr>,
    /// The port to listen on; 0 is any free one [default: 8000 for the whole shop, 8001 to 8004 for one service, or
    /// MERCATO_PORT]
    #[arg(long, global = true, value_name = "PORT")]
    port: Option<u16>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the shop, or the services that are named
    Serve {
        /// customer, products, shopping, payment; none named: the whole shop behind one front
        services: Vec<Service>,
    },
    /// Bring the schemas up to date (serving from SQLite does so by itself)
    Migrate {
        /// customer, products, shopping, payment; none named: all
        services: Vec<Service>,
    },
    /// Put the demo catalogue into a shop that has no products
    Seed,
    /// Logins of members of staff
    #[command(subcommand)]
    Staff(staff::Staff),
    /// Keys that sign access tokens
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Check every invariant over all databases; exit code 0 only if all hold
    Audit(audit::Audit),
    /// Messages that could not be handled
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLetters),
    Replay(replay::Replay),
    /// Ask what is served on this machine whether it is ready; exit code 0 only if all of it is
    Health {
        /// customer, products, shopping, payment; none named: whatever listens at the ports that the settings say
        services: Vec<Service>,
    },
    /// The OpenAPI document of a service
    Openapi {
        /// Which service
        service: Service,
    },
    /// The AsyncAPI document of what the services say to each other
    Asyncapi,
    /// The settings in force, without secrets
    Config,
}

/// Does what was asked.
///
/// # Errors
/// If it could not be done.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Common { data, address, port } = arguments.common;
    let settings = Settings::read(&Overrides { data, address, port })?;
    let services = |named: Vec<Service>| if named.is_empty() { Service::ALL.to_vec() } else { named };
    let command = arguments.command.unwrap_or(Command::Serve { services: Vec::new() });
    match command {
        Command::Serve { services } => serve::serve(&settings, services).await,
        Command::Migrate { services: named } => {
            roles::prepare_folder(&settings)?;
            for service in services(named) {
                roles::migrate(service, &settings).await?;
                output::line(format!("{service}: up to date"));
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Seed => seed::seed(&settings).await,
        Command::Staff(staff) => staff.run(&settings).await,
        Command::Keys(keys) => keys.run(&settings),
        Command::Audit(audit) => audit.run(&settings).await,
        Command::DeadLetters(dead_letters) => dead_letters.run(&settings).await,
        Command::Replay(replay) => replay.run(&settings).await,
        Command::Health { services } => health::health(&settings, &services).await,
        Command::Openapi { service } => documents::openapi(service),
        Command::Asyncapi => documents::asyncapi(),
        Command::Config => documents::config(settings),
    }
}

/// 2 for what has to be set or called in another way, 1 for what failed.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    let usage = error.is::<BadSetting>()
        || error.is::<LockError>()
        || error.is::<ServeError>()
        || error.is::<Refused>()
        || error.is::<customer::KeyError>()
        || error.is::<customer::StartError>()
        || error.is::<products::StartError>();
    if usage { ExitCode::from(2) } else { ExitCode::FAILURE }
}
