//! What comes in from the other services: one file an event, a question or a timer.
//!
//! An answer to a checkout is an [`Input`] to its order; all but a deleted customer are handled by the same few lines.

mod checkout_answer;
mod checkout_timer;
mod customer_deleted;

use std::sync::Arc;

use contracts::{
    events::{
        CustomerDeleted, PaymentAuthorised, PaymentCaptured, PaymentDeclined, PaymentRefunded,
        StockCommitted, StockExpired, StockRefused, StockReserved,
    },
    rpc::CustomerOverview,
};
use platform::{
    auth::Auth,
    inbox::{EventRouter, Received},
    messaging::RpcRouter,
};

pub use checkout_timer::CheckoutTimer;

use crate::{app::Shopping, checkout::Input, queries};

/// Handles what shopping subscribes to, on top of what `router` handles already.
#[must_use]
pub fn events(router: EventRouter, shopping: &Arc<Shopping>, auth: &Arc<Auth>) -> EventRouter {
    macro_rules! answers {
        ($router:expr, $($event:ident as $pattern:pat => $input:expr),+ $(,)?) => {
            $router$(.on({
                let shopping = Arc::clone(shopping);
                move |event: $event, received: Received| {
                    let (shopping, order_id) = (Arc::clone(&shopping), event.order_id);
                    let $pattern = event;
                    async move { checkout_answer::handle(&shopping, order_id, $input, received).await }
                }
            }))+
        };
    }
    let router = answers!(router,
        StockReserved as _ => Input::StockReserved,
        StockRefused as refused => Input::StockRefused(refused.shortages),
        StockCommitted as _ => Input::StockCommitted,
        StockExpired as _ => Input::StockExpired,
        PaymentAuthorised as _ => Input::PaymentAuthorised,
        PaymentDeclined as declined => Input::PaymentDeclined(declined.reason),
        PaymentCaptured as _ => Input::PaymentCaptured,
        PaymentRefunded as _ => Input::PaymentRefunded,
    );
    let (shopping, auth) = (Arc::clone(shopping), Arc::clone(auth));
    router.on(move |event: CustomerDeleted, received| {
        let (shopping, auth) = (Arc::clone(&shopping), Arc::clone(&auth));
        async move { customer_deleted::handle(&shopping, &auth, event, received).await }
    })
}

/// Answers what the others ask.
#[must_use]
pub fn questions(shopping: &Arc<Shopping>) -> RpcRouter {
    let shopping = Arc::clone(shopping);
    RpcRouter::new(contracts::Service::Shopping).on(move |asked: CustomerOverview| {
        let shopping = Arc::clone(&shopping);
        async move { queries::overview(&shopping, asked).await }
    })
}
