//! Having events delivered again that the broker still has: to a service whose database is older than they are.

use std::process::ExitCode;

use clap::Args;
use contracts::{Service, Timestamp};
use platform::{
    Clock,
    messaging::{self, ReplayError},
    service::MEMORY,
};
use serde_json::json;

use crate::{
    output,
    settings::{BadSetting, Settings},
};

/// Have events delivered to a service again that Kafka still has; no instance of the service may be running
///
/// Its inbox drops what it has applied, so that it is safe to go back too far. Not further than the seven days that an
/// inbox remembers.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// To which service
    service: Service,
    /// What was published then or later, as in 2026-11-25T04:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Timestamp,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Replay {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<ExitCode> {
        let Self { service, since, json } = self;
        check(since, Clock::system().now())?;
        let replayed = messaging::replay(&settings.broker_url, service, since).await;
        let events = replayed.map_err(|error| match error {
            ReplayError::Failed(_) => anyhow::Error::new(error),
            _ => BadSetting(format!("broker_url: {error}")).into(),
        })?;
        if json {
            output::json(&json!({ "to_be_delivered_again": events }))?;
        } else {
            output::line(format!("to be delivered again: {events}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Refuses to go back to where an inbox may have forgotten what it has applied.
fn check(since: Timestamp, now: Timestamp) -> Result<(), BadSetting> {
    if now.since(since) < MEMORY {
        return Ok(());
    }
    let days = MEMORY.as_secs() / (24 * 60 * 60);
    let reason = format!(
        "an inbox remembers for {days} days what it has applied, and what was published before {} could be applied twice",
        now - MEMORY
    );
    Err(BadSetting(reason))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn nothing_is_replayed_that_an_inbox_may_have_forgotten() {
        let (now, hour) = (Timestamp::now(), Duration::from_secs(60 * 60));
        check(now - (MEMORY - hour), now).unwrap();
        let refused = check(now - (MEMORY + hour), now).unwrap_err().to_string();
        assert!(refused.contains("7 days"), "{refused}");
    }
}
