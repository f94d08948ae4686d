//! The tokens: each says how the sandbox is to behave.

/// How the sandbox is to behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// `tok_ok`: the money is held.
    Ok,
    /// `tok_declined`: the card is no good.
    Declined,
    /// `tok_slow`: the money is held, after a while.
    Slow,
    /// `tok_error_once`: the first try under a key fails and does nothing.
    ErrorOnce,
    /// `tok_timeout_after_charge`: the first try under a key holds the money, and its answer never comes.
    TimeoutAfterCharge,
    /// Any other: declined.
    Unknown,
}

impl From<&str> for Token {
    fn from(token: &str) -> Self {
        match token {
            "tok_ok" => Self::Ok,
            "tok_declined" => Self::Declined,
            "tok_slow" => Self::Slow,
            "tok_error_once" => Self::ErrorOnce,
            "tok_timeout_after_charge" => Self::TimeoutAfterCharge,
            _ => Self::Unknown,
        }
    }
}
