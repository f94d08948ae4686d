//! `cargo xtask stack up|down|status|logs`: the whole production shape on this machine, without containers.

pub mod build;
mod down;
mod logs;
mod status;
mod up;

use std::path::PathBuf;

use anyhow::Context as _;
use testkit::stack::State;

/// Run the whole production shape on this machine: PostgreSQL, a broker, nginx, several instances of each service
#[derive(clap::Args)]
pub struct Stack {
    /// The folder that everything is kept in [default: mercato-stack in the folder for temporary files]
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Up(up::Up),
    /// End what `up` started, and remove its folder
    Down,
    /// Say what runs, and whether it is ready; exit code 0 only if all of it is
    Status,
    Logs(logs::Logs),
}

impl Stack {
    /// Does what was asked.
    ///
    /// # Errors
    /// If it cannot be done.
    pub fn run(self) -> anyhow::Result<()> {
        let folder = self.dir.unwrap_or_else(|| std::env::temp_dir().join("mercato-stack"));
        let folder = std::path::absolute(&folder).context("cannot tell where the folder is")?;
        match self.command {
            Command::Up(up) => up.run(&folder),
            Command::Down => down::run(&folder),
            Command::Status => status::run(&state(&folder)?),
            Command::Logs(logs) => logs.run(&folder, &state(&folder)?),
        }
    }
}

fn state(folder: &std::path::Path) -> anyhow::Result<State> {
    let found = State::read(folder)?;
    found
        .with_context(|| format!("no stack is up in {}: `cargo xtask stack up` starts one", folder.display()))
}
