//! How the failures of what a handler stands on look from outside. Each is logged here, once, with its cause; the
//! client gets the trace id to ask about it with.

use super::Problem;
use crate::{auth::AuthError, messaging::RpcError, store::StoreError};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "the store is unavailable");
                Self::unavailable()
            }
            StoreError::Failed(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
                Self::internal()
            }
        }
    }
}

impl From<RpcError> for Problem {
    fn from(error: RpcError) -> Self {
        match error {
            RpcError::Unavailable(_) | RpcError::Busy(_) => {
                tracing::warn!(%error, "another service is unavailable");
                Self::unavailable()
            }
            RpcError::TimedOut(_) => {
                tracing::warn!(%error, "another service did not answer in time");
                Self::timeout()
            }
            RpcError::Failed(_) => {
                tracing::error!(%error, "another service failed");
                Self::bad_gateway()
            }
            RpcError::Invalid(_) => {
                tracing::error!(%error, "another service did not understand us");
                Self::internal()
            }
        }
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Expired => {
                Self::invalid_token("The access token has expired: refresh it, or sign in again.")
            }
            AuthError::Invalid => Self::invalid_token("The access token is not valid: sign in again."),
            AuthError::Revoked => Self::invalid_token("The access token has been revoked: sign in again."),
            // The verifier has logged it, once for each outage.
            AuthError::KeysUnavailable(_) => Self::unavailable(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cause_reaches_a_client() {
        let secret = || "SELECT password FROM accounts at 10.0.0.7".to_owned();
        let problems: [Problem; 6] = [
            StoreError::Unavailable(secret()).into(),
            StoreError::corrupt(secret()).into(),
            RpcError::Unavailable(secret()).into(),
            RpcError::Invalid(secret()).into(),
            RpcError::Failed(secret()).into(),
            AuthError::KeysUnavailable(RpcError::Failed(secret())).into(),
        ];
        for problem in problems {
            assert!(!format!("{problem:?}").contains("SELECT"), "{problem:?}");
            assert!(problem.status().code >= 500);
        }
    }
}
