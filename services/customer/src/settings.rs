//! What may be set from outside.

use std::{path::PathBuf, time::Duration};

/// How long an access token may be good at most.
pub const LONGEST_ACCESS: Duration = Duration::from_hours(24);

/// What the customer service is configured with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder with the Ed25519 private keys that tokens are signed with, one `*.pem` each.
    pub keys: PathBuf,
    /// Whether to make a key if the folder has none.
    pub generate_keys: bool,
    /// How long an access token is good: up to [`LONGEST_ACCESS`].
    pub access_ttl: Duration,
    /// How long a refresh token is good, and so how long a session lives that is not used.
    pub refresh_ttl: Duration,
    /// Passwords that are hashed at the same time, at 19 MiB each.
    pub hashing_at_once: usize,
}

impl Settings {
    /// The defaults, with the keys in `keys`: access tokens for 15 minutes, refresh tokens for 30 days, two passwords
    /// at a time, and no key made by itself.
    #[must_use]
    pub fn new(keys: impl Into<PathBuf>) -> Self {
        Self {
            keys: keys.into(),
            generate_keys: false,
            access_ttl: Duration::from_mins(15),
            refresh_ttl: Duration::from_hours(30 * 24),
            hashing_at_once: 2,
        }
    }
}
