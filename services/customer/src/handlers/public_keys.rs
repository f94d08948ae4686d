//! `PublicKeys`: every service asks what tokens are verified with.

use std::sync::Arc;

use contracts::rpc::{PublicKeySet, PublicKeys};
use platform::messaging::RpcError;

use crate::app::Customer;

/// All keys that verify.
pub async fn answer(customer: Arc<Customer>, _: PublicKeys) -> Result<PublicKeySet, RpcError> {
    Ok(customer.keys.public())
}
