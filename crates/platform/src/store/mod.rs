//! What all stores have in common: how they fail, and where they are.

use thiserror::Error;

/// A store could not do what it was asked. No variant's text is meant for a client.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached or is too busy: nothing was changed, or it is not known whether
    /// anything was. Trying again is right.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The database refused, or holds what it should not. Trying again will not help.
    #[error("the store failed: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// A [`StoreError::Failed`] for data that does not make sense.
    #[must_use]
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Failed(what.into().into())
    }
}
