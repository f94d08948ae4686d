//! What other services ask, one file a question.

mod find_address;
mod public_keys;

use std::sync::Arc;

use contracts::{
    Service,
    rpc::{FindAddress, PublicKeys},
};
use platform::messaging::RpcRouter;

use crate::app::Customer;

/// All questions that this service answers.
pub fn questions(customer: &Arc<Customer>) -> RpcRouter {
    let (keys, addresses) = (Arc::clone(customer), Arc::clone(customer));
    RpcRouter::new(Service::Customer)
        .on(move |question: PublicKeys| public_keys::answer(Arc::clone(&keys), question))
        .on(move |question: FindAddress| find_address::answer(Arc::clone(&addresses), question))
}
