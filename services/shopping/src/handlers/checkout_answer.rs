//! Products or payment answered a step of a checkout.

use contracts::OrderId;
use platform::inbox::{HandlerError, Received};

use crate::{app::Shopping, checkout::Input, store::Cause};

pub(super) async fn handle(
    shopping: &Shopping,
    order_id: OrderId,
    input: Input,
    received: Received,
) -> Result<(), HandlerError> {
    let cause = Cause::Message(received);
    let (_, step) = shopping.store.advance(order_id, cause, input, shopping.clock.now()).await?;
    shopping.progress.moved(order_id, step);
    Ok(())
}
