//! Being told to stop.

use std::{process, thread};

use anyhow::Context as _;
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
};

/// The exit code of a program that Ctrl-C has ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// Waits until somebody presses Ctrl-C or asks this process to end (SIGTERM).
///
/// # Errors
/// If signals cannot be listened for.
pub async fn interrupted() -> anyhow::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Ends this process, and with it the servers that it has started, once it is told to stop: for what waits for other programs
/// most of the time. Whoever has waited for signals once is not ended by them any more.
///
/// # Errors
/// If there is no runtime.
pub fn end_when_interrupted() -> anyhow::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().context("a runtime")?;
    thread::spawn(move || {
        if runtime.block_on(interrupted()).is_ok() {
            eprintln!("xtask: interrupted");
            process::exit(INTERRUPTED);
        }
    });
    Ok(())
}
