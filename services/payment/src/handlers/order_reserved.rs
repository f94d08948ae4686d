//! The stock of an order is reserved: its payment is to be authorised.
//!
//! The provider is asked outside of any transaction, and with the same key each time. If its answer is lost, the message
//! fails and comes again; if a cancellation is handled between its answer and our transaction, the transaction finds
//! that, and makes the void due that lets the money go.

use std::sync::Arc;

use contracts::events::OrderReserved;
use platform::inbox::{HandlerError, Received};

use crate::{
    Payments,
    commands::settle_soon,
    domain::Operation,
    provider::{Key, Provider as _},
};

pub(super) async fn handle(
    payments: Arc<Payments>,
    event: OrderReserved,
    received: Received,
) -> Result<(), HandlerError> {
    let (order_id, total) = (event.order_id, event.total);
    if total.amount < 0 {
        return Err(HandlerError::Malformed(format!("{} {} cannot be paid", total.amount, total.currency)));
    }
    if payments.store.payment(order_id).await?.is_some() {
        return Ok(payments.store.repeat_answer(received, order_id, payments.clock.now()).await?);
    }
    let key = Key::of(order_id, Operation::Authorise);
    let authorisation = payments.provider.authorise(&key, order_id, total, &event.payment_token).await?;
    let payment = payments
        .store
        .record_authorisation(received, order_id, total, authorisation, payments.moment())
        .await?;
    settle_soon(&payments, payment).await;
    Ok(())
}
