//! Mercato: an online shop as microservices, in one binary.

mod audit;
mod cli;
mod front;
mod output;
mod production;
mod roles;
mod settings;
#[cfg(test)]
mod simulation;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("mercato: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(cli::run(arguments)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("mercato: {error:#}");
            cli::exit_code(&error)
        }
    }
}
