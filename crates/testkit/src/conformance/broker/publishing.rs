//! What publishing means.

use std::collections::HashMap;

use contracts::{OrderId, Service, consumers_of};
use tokio::{sync::oneshot, time::timeout};
use uuid::Uuid;

use super::{BrokerHarness, QUIET, done, next, publishing, samples, subscribed};

/// Each event reaches each of the services that [`consumers_of`] names, once, and no other service.
pub async fn an_event_reaches_every_service_that_subscribes_to_it_and_no_other<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (publisher, consumers) = (harness.connect().await, harness.connect().await);
    let events = samples::one_of_each();
    let mut listening = Vec::new();
    for service in Service::ALL {
        let mut deliveries = subscribed(&consumers, service, 64).await;
        let expected = events.iter().filter(|event| consumers_of(&event.event_type).any(|s| s == service));
        let expected: HashMap<Uuid, String> = expected.map(|e| (e.id, e.event_type.clone())).collect();
        listening.push(tokio::spawn(async move {
            let mut missing = expected.clone();
            while !missing.is_empty() {
                let event = next(&mut deliveries).await.settle();
                let known = missing.remove(&event.id);
                assert!(known.is_some(), "{service} got {} unasked or twice", event.event_type);
            }
            let more = timeout(QUIET, deliveries.recv()).await.ok().flatten();
            assert!(more.is_none(), "{service} got more than it subscribes to: {more:?}");
        }));
    }
    for event in &events {
        done("the event is taken", publishing(&publisher, event)).await;
    }
    for task in listening {
        done("each service hears what it subscribes to", task).await;
    }
}

/// Every attribute and the payload cross unchanged; the trace is the same one, perhaps a hop later.
pub async fn an_event_arrives_as_it_was_published<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (publisher, consumers) = (harness.connect().await, harness.connect().await);
    let mut deliveries = subscribed(&consumers, Service::Products, 1).await;
    // Long enough to be cut if anything cuts, and not only ASCII.
    let mut sent = samples::placed(OrderId::new(), 3);
    sent.payload = samples::json(&"ä€😀\"\\\u{0}".repeat(10_000));
    let publishing = publishing(&publisher, &sent);
    let mut came = next(&mut deliveries).await.settle();
    assert_eq!(came.trace.trace_id(), sent.trace.trace_id());
    came.trace = sent.trace;
    assert_eq!(came, sent);
    done("the event is taken", publishing).await;
}

/// Confirmed means kept for every consumer, also for one that has never been there: without another try of the
/// publisher it comes when the consumer does. An event that cannot be kept so is not confirmed before.
pub async fn a_confirmed_event_reaches_a_consumer_that_comes_later<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (publisher, consumers) = (harness.connect().await, harness.connect().await);
    let event = samples::deleted();
    let mut early = subscribed(&consumers, Service::Products, 8).await;
    let id = event.id;
    let (came, early_came) = oneshot::channel();
    // It may come more than once until it is confirmed.
    let settling = tokio::spawn(async move {
        let first = next(&mut early).await.settle().id;
        came.send(first).expect("the promise waits for it");
        while let Some(delivery) = early.recv().await {
            delivery.settle();
        }
    });
    let first_try = timeout(QUIET * 4, publisher.publish(&event)).await;
    let again = (!matches!(first_try, Ok(Ok(())))).then(|| publishing(&publisher, &event));
    for service in [Service::Shopping, Service::Payment] {
        let mut late = subscribed(&consumers, service, 8).await;
        let delivery = next(&mut late).await;
        assert_eq!(delivery.envelope.id, id, "{service}");
        delivery.settle();
        tokio::spawn(async move {
            while let Some(delivery) = late.recv().await {
                delivery.settle();
            }
        });
    }
    if let Some(again) = again {
        done("it is confirmed once everybody is there", again).await;
    }
    assert_eq!(early_came.await, Ok(id), "what came to the one that was there before");
    settling.abort();
}
