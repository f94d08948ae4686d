//! A payment provider to try the shop with. It takes tokens that say how it is to behave, and keeps a ledger of what
//! it really did, by which the audit can tell whether payment's own books are right.
//!
//! It stands for another company: what it does commits on its own, whatever becomes of the one who asked.

pub mod account;
#[cfg(test)]
pub mod conformance;
pub mod ledger;
mod postgres;
mod sqlite;
mod token;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::{Money, OrderId};
use platform::{
    Clock,
    store::{Store, StoreError},
};

pub use account::{Account, Refusal, Request};
pub use ledger::{Entered, Ledger, Recorded};

use super::{Authorisation, Key, Provider, ProviderError, Voiding};
use token::Token;

/// The ledger that is kept in `store`.
#[must_use]
pub fn open(store: &Store) -> Arc<dyn Ledger> {
    match store {
        Store::Sqlite(database) => Arc::new(sqlite::SqliteLedger(database.clone())),
        Store::Postgres(database) => Arc::new(postgres::PostgresLedger(database.clone())),
    }
}

/// The sandbox.
pub struct Sandbox {
    ledger: Arc<dyn Ledger>,
    clock: Clock,
    slow: Duration,
}

impl Sandbox {
    /// A sandbox with the books `ledger`, that takes `slow` over `tok_slow`.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, clock: Clock, slow: Duration) -> Self {
        Self { ledger, clock, slow }
    }

    async fn enter(&self, key: &Key, order_id: OrderId, request: Request) -> Result<Recorded, SandboxError> {
        Ok(self.ledger.enter(key, order_id, request, self.clock.now()).await??)
    }

    async fn hold(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<Recorded, SandboxError> {
        self.enter(key, order_id, Request::Hold(amount)).await
    }

    async fn decline(
        &self,
        key: &Key,
        order_id: OrderId,
        amount: Money,
        reason: &str,
    ) -> Result<Recorded, SandboxError> {
        self.enter(key, order_id, Request::Decline(amount, reason.to_owned())).await
    }
}

#[async_trait]
impl Provider for Sandbox {
    async fn authorise(
        &self,
        key: &Key,
        order_id: OrderId,
        amount: Money,
        token: &str,
    ) -> Result<Authorisation, ProviderError> {
        let recorded = match Token::from(token) {
            Token::Ok => self.hold(key, order_id, amount).await?,
            Token::Declined => self.decline(key, order_id, amount, "card declined").await?,
            Token::Unknown => self.decline(key, order_id, amount, "unknown token").await?,
            Token::Slow => {
                tokio::time::sleep(self.slow).await;
                self.hold(key, order_id, amount).await?
            }
            Token::ErrorOnce => {
                if self.ledger.count_attempt(key).await.map_err(SandboxError::from)? == 1 {
                    return Err(ProviderError::Unavailable("out of order for once".to_owned()));
                }
                self.hold(key, order_id, amount).await?
            }
            Token::TimeoutAfterCharge => {
                let recorded = self.hold(key, order_id, amount).await?;
                if recorded.new && recorded.entered == Entered::Held {
                    // The charge stands, and the line is dead.
                    std::future::pending::<()>().await;
                }
                recorded
            }
        };
        match recorded.entered {
            Entered::Declined(reason) => Ok(Authorisation::Declined { reason }),
            Entered::Held | Entered::Captured | Entered::Voided | Entered::Refunded => {
                Ok(Authorisation::Held)
            }
        }
    }

    async fn capture(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<(), ProviderError> {
        self.enter(key, order_id, Request::Capture(amount)).await?;
        Ok(())
    }

    async fn void(&self, key: &Key, order_id: OrderId) -> Result<Voiding, ProviderError> {
        match self.enter(key, order_id, Request::Void).await {
            Ok(_) => Ok(Voiding::Voided),
            Err(SandboxError::Refused(Refusal::Captured(amount))) => Ok(Voiding::Captured(amount)),
            Err(error) => Err(error.into()),
        }
    }

    async fn refund(&self, key: &Key, order_id: OrderId, amount: Money) -> Result<(), ProviderError> {
        self.enter(key, order_id, Request::Refund(amount)).await?;
        Ok(())
    }
}

/// Why the sandbox did not do as it was asked.
#[derive(Debug, thiserror::Error)]
enum SandboxError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Ledger(#[from] StoreError),
}

impl From<SandboxError> for ProviderError {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Refused(refusal) => Self::Refused(refusal.to_string()),
            // An unavailable store may have committed all the same.
            SandboxError::Ledger(error @ StoreError::Unavailable(_)) => Self::Unknown(error.to_string()),
            SandboxError::Ledger(error @ StoreError::Failed(_)) => Self::Refused(error.to_string()),
        }
    }
}
