//! What an access token says.

use std::time::Duration;

use contracts::{CustomerId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

/// The `iss` of every token.
pub const ISSUER: &str = "mercato";

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Buys.
    Customer,
    /// Runs the shop.
    Staff,
}

/// The claims of an access token (RFC 7519, section 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Whose token it is.
    pub sub: CustomerId,
    /// The sign-in that it comes from.
    pub sid: SessionId,
    /// What its owner may do.
    pub role: Role,
    /// Who issued it: always [`ISSUER`].
    pub iss: String,
    /// When it was issued, in seconds since the epoch.
    pub iat: i64,
    /// When it ends, in seconds since the epoch; at that second it is no longer good.
    pub exp: i64,
}

impl Claims {
    /// The claims of a token issued at `now` that is good for `lifetime`.
    #[must_use]
    pub fn new(sub: CustomerId, sid: SessionId, role: Role, now: Timestamp, lifetime: Duration) -> Self {
        Self { sub, sid, role, iss: ISSUER.to_owned(), iat: now.as_secs(), exp: (now + lifetime).as_secs() }
    }
}
