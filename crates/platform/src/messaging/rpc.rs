//! Questions to other services, each with a deadline.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a question got no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "kind", content = "message", rename_all = "snake_case")]
pub enum RpcError {
    /// Nobody serves it, or the broker cannot be reached.
    #[error("{0} cannot be reached")]
    Unavailable(String),
    /// The deadline passed first.
    #[error("{0} did not answer in time")]
    TimedOut(String),
    /// The service has more to do than it may take on.
    #[error("{0} is busy")]
    Busy(String),
    /// The service did not understand the question.
    #[error("the question was refused: {0}")]
    Invalid(String),
    /// The service failed to answer.
    #[error("the service failed: {0}")]
    Failed(String),
}
