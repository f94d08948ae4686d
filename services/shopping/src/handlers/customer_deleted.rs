//! A customer is gone.

use contracts::events::CustomerDeleted;
use platform::{
    auth::Auth,
    inbox::{HandlerError, Received},
};

use crate::app::Shopping;

pub(super) async fn handle(
    shopping: &Shopping,
    auth: &Auth,
    event: CustomerDeleted,
    received: Received,
) -> Result<(), HandlerError> {
    auth.revocations().revoke_customer(event.customer_id, event.tokens_expire_at);
    for order_id in shopping.store.forget_customer(received, event, shopping.clock.now()).await? {
        shopping.progress.look(order_id);
    }
    Ok(())
}
