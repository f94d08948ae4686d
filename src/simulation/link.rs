//! The way from one life of a service to its store, and whether that life goes on.

use std::{future::pending, time::Duration};

use async_trait::async_trait;
use platform::store::{StoreError, sqlite::simulated::Weather};
use tokio_util::sync::CancellationToken;

use super::dice::Dice;

/// How long a call may take.
const SLOW: Duration = Duration::from_millis(4);

/// A life of a service, until it is killed: from then on none of its calls is answered, and none has any effect.
#[derive(Clone, Default)]
pub(super) struct Life(CancellationToken);

impl Life {
    pub(super) fn kill(&self) {
        self.0.cancel();
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Once it is over.
    pub(super) async fn over(&self) {
        self.0.cancelled().await;
    }

    /// Goes on, if the service lives.
    pub(super) async fn go_on(&self) {
        if self.is_over() {
            pending::<()>().await;
        }
    }
}

/// The way to the store.
pub(super) struct Link {
    pub life: Life,
    pub dice: Dice,
}

impl Link {
    async fn pass(&self, mishap: &str) -> Result<(), StoreError> {
        // Most calls are too quick for anything to come in between; those that are not let others go first, or a killer.
        if self.dice.mishap(10) {
            self.dice.dawdle(SLOW).await;
        }
        self.life.go_on().await;
        if self.dice.mishap(1) { Err(StoreError::Unavailable(mishap.to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl Weather for Link {
    async fn there(&self) -> Result<(), StoreError> {
        self.pass("the store cannot be reached").await
    }

    async fn back(&self) -> Result<(), StoreError> {
        self.pass("the answer was lost").await
    }
}
