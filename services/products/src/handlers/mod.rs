//! What the service does with what comes from the broker and from its timers: one file per message.

mod find_products;
mod order_authorised;
mod order_cancelled;
mod order_declined;
mod order_placed;
mod reservation_due;

#[cfg(test)]
mod tests;

use std::{future::Future, sync::Arc};

use contracts::{Service, events::Event};
use platform::{
    inbox::{EventRouter, HandlerError, Received},
    messaging::RpcRouter,
    timers::TimerHandler,
};

use crate::Products;

/// `router` with the handlers of the checkout's events.
#[must_use]
pub fn events(router: EventRouter, products: &Arc<Products>) -> EventRouter {
    router
        .on(with(products, order_placed::handle))
        .on(with(products, order_authorised::handle))
        .on(with(products, order_declined::handle))
        .on(with(products, order_cancelled::handle))
}

/// The questions that the service answers.
#[must_use]
pub fn questions(products: &Arc<Products>) -> RpcRouter {
    let products = Arc::clone(products);
    RpcRouter::new(Service::Products)
        .on(move |question| find_products::answer(Arc::clone(&products), question))
}

/// What happens when a timer is due.
#[must_use]
pub fn timers(products: &Arc<Products>) -> Arc<dyn TimerHandler> {
    Arc::new(reservation_due::ReservationDue(Arc::clone(products)))
}

/// A handler that has the service at hand.
fn with<E, H, F>(
    products: &Arc<Products>,
    handle: H,
) -> impl Fn(E, Received) -> F + Send + Sync + use<E, H, F>
where
    E: Event,
    H: Fn(Arc<Products>, E, Received) -> F + Send + Sync,
    F: Future<Output = Result<(), HandlerError>>,
{
    let products = Arc::clone(products);
    move |event, received| handle(Arc::clone(&products), event, received)
}
