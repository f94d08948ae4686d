//! How often an event is delivered, to whom, and in which order.

use std::collections::{HashMap, HashSet};

use contracts::{OrderId, Service};
use futures::future::join_all;

use super::{BrokerHarness, done, next, publishing, samples, subscribed};

/// A settled event does not come back.
pub async fn what_was_settled_is_not_delivered_again<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (publisher, consumers) = (harness.connect().await, harness.connect().await);
    let mut deliveries = subscribed(&consumers, Service::Products, 4).await;
    let events: Vec<_> = (0..50).map(|n| samples::placed(OrderId::new(), n)).collect();
    let taken = join_all(events.iter().map(|event| publishing(&publisher, event)));
    let taken = tokio::spawn(taken);
    let mut seen = HashSet::new();
    while seen.len() < events.len() {
        let event = next(&mut deliveries).await.settle();
        assert!(seen.insert(event.id), "{} came again", event.id);
    }
    done("all are taken", taken).await;
    let last = samples::placed(OrderId::new(), 99);
    let publishing = publishing(&publisher, &last);
    assert_eq!(
        next(&mut deliveries).await.settle().id,
        last.id,
        "something settled came before the last one"
    );
    done("the last one is taken", publishing).await;
}

/// An event whose delivery is dropped comes again, the same one, until it is settled.
pub async fn what_was_given_back_is_delivered_again<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (publisher, consumers) = (harness.connect().await, harness.connect().await);
    let mut deliveries = subscribed(&consumers, Service::Products, 4).await;
    let event = samples::placed(OrderId::new(), 1);
    let publishing = publishing(&publisher, &event);
    for _ in 0..3 {
        let delivery = next(&mut deliveries).await;
        assert_eq!(delivery.envelope.id, event.id);
        drop(delivery);
    }
    assert_eq!(next(&mut deliveries).await.settle().id, event.id);
    done("it is confirmed", publishing).await;
}

/// What a consumer held when it went away, received or still in its stream, goes to whoever subscribes next.
pub async fn what_was_held_by_a_consumer_that_went_away_goes_to_the_next<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (publisher, first) = (harness.connect().await, harness.connect().await);
    let mut deliveries = subscribed(&first, Service::Products, 4).await;
    let events: Vec<_> = (0..3).map(|n| samples::placed(OrderId::new(), n)).collect();
    let taken: Vec<_> = events.iter().map(|event| publishing(&publisher, event)).collect();
    let held = next(&mut deliveries).await;
    drop((deliveries, held, first));

    let second = harness.connect().await;
    let mut deliveries = subscribed(&second, Service::Products, 4).await;
    let mut missing: HashSet<_> = events.iter().map(|event| event.id).collect();
    while !missing.is_empty() {
        missing.remove(&next(&mut deliveries).await.settle().id);
    }
    let settling = tokio::spawn(async move {
        while let Some(repeated) = deliveries.recv().await {
            repeated.settle();
        }
    });
    for task in taken {
        done("each is confirmed in the end", task).await;
    }
    settling.abort();
}

/// Events of one aggregate, published one after the other, come in that order.
pub async fn the_order_within_an_aggregate_is_kept<H: BrokerHarness>() {
    const EACH: u32 = 50;
    let harness = H::fresh().await;
    let (publisher, consumers) = (harness.connect().await, harness.connect().await);
    let mut deliveries = subscribed(&consumers, Service::Products, 16).await;
    let publishers: Vec<_> = (0..8)
        .map(|_| {
            let (publisher, order_id) = (publisher.clone(), OrderId::new());
            tokio::spawn(async move {
                for n in 1..=EACH {
                    done("taken", publishing(&publisher, &samples::placed(order_id, n))).await;
                }
            })
        })
        .collect();
    let mut latest = HashMap::new();
    for _ in 0..8 * EACH {
        let event = next(&mut deliveries).await.settle();
        let n = samples::quantity(&event);
        let before = latest.insert(event.aggregate, n).unwrap_or(0);
        assert_eq!(n, before + 1, "order {} went from {before} to {n}", event.aggregate);
    }
    for task in publishers {
        done("all are published", task).await;
    }
}

/// Where a service may have several instances, each event goes to one of them.
pub async fn instances_of_a_service_share_its_events<H: BrokerHarness>() {
    if !H::SUPPORTS.instances {
        return;
    }
    let harness = H::fresh().await;
    let (publisher, one, other) = (harness.connect().await, harness.connect().await, harness.connect().await);
    let mut first = subscribed(&one, Service::Products, 4).await;
    let mut second = subscribed(&other, Service::Products, 4).await;
    let events: Vec<_> = (0..100).map(|n| samples::placed(OrderId::new(), n)).collect();
    let taken: Vec<_> = events.iter().map(|event| publishing(&publisher, event)).collect();
    let mut seen = HashSet::new();
    while seen.len() < events.len() {
        let delivery = tokio::select! {
            delivery = next(&mut first) => delivery,
            delivery = next(&mut second) => delivery,
        };
        assert!(seen.insert(delivery.settle().id), "an event went to both");
    }
    for task in taken {
        done("each is taken", task).await;
    }
}
