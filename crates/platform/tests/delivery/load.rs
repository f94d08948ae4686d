//! Many events at a time, with handlers that fail, and a consumer that dies now and then.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use contracts::{OrderId, Service};
use futures::future::join_all;
use platform::inbox::{DeadLetterStore as _, EventRouter, HandlerError, MAX_ATTEMPTS};
use uuid::Uuid;

use crate::world::{Peer, Process, dice, memory, router};

const ORDERS: u32 = 300;
const EACH: u32 = 10;
const SEED: u64 = 20_261;

/// Each attempt fails with 10 %, but no message so often that it would be dead.
fn unreliable(products: &Peer, attempts: &Arc<Mutex<HashMap<u32, u32>>>) -> EventRouter {
    let attempts = Arc::clone(attempts);
    router(products, move |n| {
        let mut attempts = attempts.lock().unwrap();
        let attempt = attempts.entry(n).or_insert(0);
        *attempt += 1;
        let fails = *attempt < MAX_ATTEMPTS && dice(SEED, Uuid::nil(), n, *attempt) < 10;
        async move { if fails { Err(HandlerError::Failed("bad luck".to_owned())) } else { Ok(()) } }
    })
}

#[tokio::test]
async fn thousands_of_events_take_effect_once_and_in_order() {
    let (shopping, products) = (Peer::new(Service::Shopping).await, Peer::new(Service::Products).await);
    let (broker, attempts) = (memory(), Arc::default());
    let orders: Vec<OrderId> = (0..ORDERS).map(|_| OrderId::new()).collect();
    let _relay = Process::start().relay(&shopping, &broker);
    let mut consumer = Process::start().consume(&products, &broker, unreliable(&products, &attempts));
    // Written while they are relayed and consumed, and the consumer is killed at two thirds.
    for n in 0..EACH {
        let place = (0_u32..).zip(&orders).map(|(at, order)| shopping.place(*order, [at * 100 + n]));
        join_all(place).await;
        if n == 6 {
            drop(consumer);
            consumer = Process::start().consume(&products, &broker, unreliable(&products, &attempts));
        }
    }
    shopping.drained().await;
    consumer.stop().await;

    let mut of_order: HashMap<OrderId, Vec<u32>> = HashMap::new();
    for (order, n) in products.effects().await {
        of_order.entry(order).or_default().push(n);
    }
    for (at, order) in (0_u32..).zip(orders) {
        let expected: Vec<u32> = (0..EACH).map(|n| at * 100 + n).collect();
        assert_eq!(of_order.get(&order), Some(&expected));
    }
    assert!(products.database.dead_letters(10).await.unwrap().is_empty());
    let failed = attempts.lock().unwrap().values().filter(|attempts| **attempts > 1).count();
    assert!(failed > 100, "only {failed} messages were tried more than once: nothing was put to the test");
}
