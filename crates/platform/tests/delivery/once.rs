//! At least once on the wire, exactly once in effect.

use std::sync::Arc;

use async_trait::async_trait;
use contracts::{OrderId, Service, events::OrderPlaced};
use platform::{
    inbox::EventRouter,
    messaging::{Broker, Envelope, PublishError},
};

use crate::world::{Fate, Faulty, Peer, Process, memory, record, sound};

/// The broker takes each event twice, as after a confirmation that was lost.
struct Twice;

#[async_trait]
impl Fate for Twice {
    async fn publish(&self, broker: &dyn Broker, envelope: &Envelope) -> Result<(), PublishError> {
        broker.publish(envelope).await?;
        broker.publish(envelope).await
    }
}

async fn effects_of_three_orders_published_twice(router: impl Fn(&Peer) -> EventRouter) -> Vec<u32> {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let broker: Arc<dyn Broker> = Faulty::new(&memory(), Twice);
    let order = OrderId::new();
    shopping.place(order, 1..=3).await;
    let process = Process::start().consume(&products, &broker, router(&products)).relay(&shopping, &broker);
    shopping.drained().await;
    process.stop().await;
    products.effects_of(order).await
}

#[tokio::test]
async fn an_event_that_is_delivered_twice_takes_effect_once() {
    assert_eq!(effects_of_three_orders_published_twice(sound).await, [1, 2, 3]);
}

#[tokio::test]
async fn without_the_inbox_the_repetition_is_seen() {
    let careless = |products: &Peer| {
        let database = products.database.clone();
        EventRouter::new(Service::Products).on(move |event: OrderPlaced, _| {
            let database = database.clone();
            async move { Ok(database.write(move |transaction| record(transaction, &event)).await?) }
        })
    };
    assert_eq!(effects_of_three_orders_published_twice(careless).await, [1, 1, 2, 2, 3, 3]);
}
