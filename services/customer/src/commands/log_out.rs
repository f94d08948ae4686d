//! Ends the session of the caller.

use platform::{
    auth::{Claims, Revoked},
    store::StoreError,
};

use crate::{app::Customer, store::TokensEnd};

/// Ends the session that the caller's access token comes from.
///
/// # Errors
/// [`StoreError`].
pub async fn log_out(customer: &Customer, caller: &Claims) -> Result<(), StoreError> {
    let ends = TokensEnd::at(customer.clock.now());
    customer.store.end_session(caller.sub, caller.sid, ends).await?;
    customer.revoke(Revoked::Session(caller.sid), ends);
    Ok(())
}
