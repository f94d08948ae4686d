//! What the customer service publishes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event;
use crate::{CustomerId, SessionId, Timestamp};

/// A customer is gone. Whoever keeps something of theirs removes it or forgets whose it was, and refuses
/// the access tokens that are still about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerDeleted {
    /// Who.
    pub customer_id: CustomerId,
    /// When.
    pub deleted_at: Timestamp,
    /// The last access token of theirs has expired by then, so nobody need remember them longer.
    pub tokens_expire_at: Timestamp,
}
event!(CustomerDeleted, "customer.deleted.v1", Customer, customer_id);

/// A session ended before its tokens expired: by logout, by a change of password, or because a refresh token was used twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionRevoked {
    /// The session, as the `sid` claim of its access tokens has it.
    pub session_id: SessionId,
    /// Whose it was.
    pub customer_id: CustomerId,
    /// The last access token of the session has expired by then.
    pub tokens_expire_at: Timestamp,
}
event!(SessionRevoked, "session.revoked.v1", Customer, customer_id);
