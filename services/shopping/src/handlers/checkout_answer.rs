//! Products or payment answered a step of a checkout.

use contracts::OrderId;
use platform::inbox::{HandlerError, Received};

use crate::{
    app::Shopping,
    checkout::Input,
    store::{Advanced, Cause},
};

pub(super) async fn handle(
    shopping: &Shopping,
    order_id: OrderId,
    input: Input,
    received: Received,
) -> Result<(), HandlerError> {
    let cause = Cause::Message(received);
    if let Advanced::Now(_) = shopping.store.advance(order_id, cause, input, shopping.clock.now()).await? {
        shopping.moved(order_id);
    }
    Ok(())
}
