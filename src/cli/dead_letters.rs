//! Messages that could not be handled: to look at, and to have handled again.

use std::{process::ExitCode, sync::Arc};

use anyhow::bail;
use clap::Subcommand;
use contracts::Service;
use platform::{Clock, inbox::DeadLetter, store::MessagingStore};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{output, roles, settings::Settings};

#[derive(Debug, Subcommand)]
pub(super) enum DeadLetters {
    /// List them, the oldest of each service first
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        /// At most so many of each service
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Show one, with its payload
    Show {
        /// The id of the message
        id: Uuid,
    },
    /// Have one, or all, handled again by the service that could not; it takes them up within seconds of being served
    Redrive {
        /// The id of the message, unless it is --all
        #[arg(conflicts_with = "all", required_unless_present = "all")]
        id: Option<Uuid>,
        /// All of them
        #[arg(long)]
        all: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

impl DeadLetters {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<ExitCode> {
        let stores = stores(settings).await?;
        match self {
            Self::List { json, limit } => list(&stores, json, limit).await,
            Self::Show { id } => show(&stores, id).await,
            Self::Redrive { id, all: _, json } => redrive(&stores, id, json).await,
        }
    }
}

type Stores = Vec<Arc<dyn MessagingStore>>;

async fn stores(settings: &Settings) -> anyhow::Result<Stores> {
    let mut stores = Vec::new();
    for service in Service::ALL {
        if roles::exists(service, settings)? {
            stores.push(roles::open(service, settings).await?.messaging());
        }
    }
    if stores.is_empty() {
        return Err(roles::no_shop(settings));
    }
    Ok(stores)
}

async fn list(stores: &Stores, as_json: bool, limit: u32) -> anyhow::Result<ExitCode> {
    let mut letters = Vec::new();
    for store in stores {
        letters.extend(store.dead_letters(limit).await?);
    }
    if as_json {
        output::json(&letters.iter().map(summary).collect::<Vec<_>>())?;
    } else {
        for letter in &letters {
            let DeadLetter { consumer, envelope, attempts, died_at, error, redrive_at } = letter;
            let redrive = if redrive_at.is_some() { " (to be handled again)" } else { "" };
            let (id, event) = (envelope.id, &envelope.event_type);
            output::line(format!(
                "{id} {consumer} {event} {died_at} after {attempts} attempts{redrive}: {error}"
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(stores: &Stores, id: Uuid) -> anyhow::Result<ExitCode> {
    for store in stores {
        if let Some(letter) = store.dead_letter(id).await? {
            let mut shown = summary(&letter);
            shown["payload"] = serde_json::from_slice(&letter.envelope.payload)
                .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&letter.envelope.payload)));
            output::json(&shown)?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    bail!("there is no dead letter {id}")
}

async fn redrive(stores: &Stores, id: Option<Uuid>, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut asked = 0;
    for store in stores {
        asked += store.request_redrive(id, Clock::system().now()).await?;
    }
    if let (0, Some(id)) = (asked, id) {
        bail!("there is no dead letter {id}");
    }
    if as_json {
        output::json(&json!({ "to_be_handled_again": asked }))?;
    } else {
        output::line(format!("to be handled again: {asked}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.envelope.id,
        "consumer": letter.consumer,
        "type": letter.envelope.event_type,
        "source": letter.envelope.source,
        "aggregate": letter.envelope.aggregate,
        "time": letter.envelope.time,
        "trace_id": letter.envelope.trace.trace_id(),
        "attempts": letter.attempts,
        "died_at": letter.died_at,
        "error": letter.error,
        "redrive_at": letter.redrive_at,
    })
}
