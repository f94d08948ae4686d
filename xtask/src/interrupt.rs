//! Being told to stop.

use tokio::signal::unix::{SignalKind, signal};

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
