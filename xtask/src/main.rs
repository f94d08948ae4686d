//! `cargo xtask …`: what this workspace needs done that cargo alone does not do.

mod bench;
mod bundle;
mod chaos;
mod docs;
mod interrupt;
mod needs;
mod stack;
mod test;

use std::process::ExitCode;

use clap::Parser;

/// Chores of the Mercato workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Xtask {
    Test(test::Test),
    Bench(bench::Bench),
    Chaos(chaos::Chaos),
    Stack(stack::Stack),
    Bundle(bundle::Bundle),
    Docs(docs::Docs),
}

fn main() -> ExitCode {
    let done = match Xtask::parse() {
        Xtask::Test(test) => test.run(),
        Xtask::Bench(bench) => bench.run(),
        Xtask::Chaos(chaos) => chaos.run(),
        Xtask::Stack(stack) => stack.run(),
        Xtask::Bundle(bundle) => bundle.run(),
        Xtask::Docs(docs) => docs.run(),
    };
    // Said here and not by returning it: a backtrace would bury the summary, and tells nothing about a test.
    let Err(error) = done else { return ExitCode::SUCCESS };
    eprintln!("xtask: {error:#}");
    ExitCode::FAILURE
}
