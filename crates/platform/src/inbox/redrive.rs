//! Dead letters that somebody asked for again go to the handler that failed, and to no other consumer.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{DeadLetter, EventRouter, HandlerError, InboxStore};
use crate::Clock;

/// How often the store is asked.
const POLL: Duration = Duration::from_secs(1);

/// Handles the dead letters of one service again, when asked to.
pub struct Redrive {
    /// The service's handlers.
    pub router: Arc<EventRouter>,
    /// Where its dead letters are.
    pub store: Arc<dyn InboxStore>,
    /// What time it is.
    pub clock: Clock,
}

impl Redrive {
    /// Looks for requests until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(POLL)).await.is_some() {
            match self.store.to_redrive(100).await {
                Ok(letters) => {
                    for letter in letters {
                        self.handle(letter).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "dead letters cannot be read"),
            }
        }
    }

    async fn handle(&self, letter: DeadLetter) {
        let message = letter.envelope.id;
        // Burying it as it is takes the request back: if the message ends this process, the next one must not try it again
        // by itself.
        if let Err(error) = self.store.bury(letter.clone()).await {
            tracing::warn!(message_id = %message, %error, "a dead letter has to wait");
            return;
        }
        let outcome = match self.router.dispatch(&letter.envelope).await {
            Ok(()) => self.store.remove_dead_letter(letter.consumer, message).await,
            // It is asked for again, and looked at in a second.
            Err(HandlerError::Unavailable(_)) => {
                self.store.request_redrive(Some(message), self.clock.now()).await.map(drop)
            }
            Err(error) => {
                tracing::error!(message_id = %message, %error, "a dead letter failed again");
                let attempts = letter.attempts + 1;
                let died_at = self.clock.now();
                self.store.bury(DeadLetter { error: error.to_string(), attempts, died_at, ..letter }).await
            }
        };
        if let Err(error) = outcome {
            tracing::warn!(message_id = %message, %error, "the outcome of a dead letter could not be kept");
        }
    }
}
