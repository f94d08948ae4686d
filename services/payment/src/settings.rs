//! What may be set.

use std::time::Duration;

/// What the operator may set for the payment service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long an answer of the provider is waited for. Then it is not known what the provider did, and it is asked
    /// again. It must be well below the 30 seconds that a message may take to handle.
    pub provider_timeout: Duration,
    /// How long the sandbox takes over `tok_slow`. Longer than `provider_timeout`, and it is never held.
    pub sandbox_slow: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { provider_timeout: Duration::from_secs(3), sandbox_slow: Duration::from_millis(1_500) }
    }
}
