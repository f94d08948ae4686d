//! `FindAddress`: shopping asks where an order goes.

use std::sync::Arc;

use contracts::rpc::{FindAddress, FoundAddress};
use platform::messaging::RpcError;

use crate::{app::Customer, queries::find_address::find_address};

/// The address, if that customer has it.
pub async fn answer(customer: Arc<Customer>, question: FindAddress) -> Result<FoundAddress, RpcError> {
    let details = find_address(&customer, question.customer_id, question.address_id).await?;
    Ok(FoundAddress { address: details.map(Into::into) })
}
