//! Dead letters that somebody asked for again go to the handler that failed, and to no other consumer.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{DeadLetter, EventRouter, HandlerError, InboxStore};
use crate::{Clock, store::StoreError};

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
                        if shutdown.is_cancelled() {
                            return;
                        }
                        self.handle(letter, &shutdown).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "dead letters cannot be read"),
            }
        }
    }

    async fn handle(&self, letter: DeadLetter, shutdown: &CancellationToken) {
        let message = letter.envelope.id;
        // The request goes before the message is tried: if that ends this process, the next one must not try again by itself.
        match self.store.take_request(letter.consumer, message).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(message_id = %message, %error, "a dead letter has to wait");
                return;
            }
        }
        let outcome = match self.router.dispatch(&letter.envelope).await {
            Ok(()) => self.store.remove_dead_letter(letter.consumer, message).await,
            Err(HandlerError::Unavailable(_)) => self.ask_again(message, shutdown).await,
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

    /// Puts the request back, to be looked at in a second. What could not be reached may be the store itself: then the
    /// others wait as well.
    async fn ask_again(&self, message: Uuid, shutdown: &CancellationToken) -> Result<(), StoreError> {
        loop {
            match self.store.request_redrive(Some(message), self.clock.now()).await {
                Ok(_) => return Ok(()),
                Err(error) => match shutdown.run_until_cancelled(tokio::time::sleep(POLL)).await {
                    Some(()) => tracing::warn!(message_id = %message, %error, "a request has to wait"),
                    None => return Err(error),
                },
            }
        }
    }
}
