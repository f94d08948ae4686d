//! The broker goes away, or comes back.

use contracts::{OrderId, Service};
use tokio::time::timeout;

use super::{BrokerHarness, LIMIT, done, next, publishing, samples, subscribed};

/// Both kinds of stream end, so that whoever reads them subscribes or serves again.
pub async fn streams_end_when_the_broker_goes_away<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let client = harness.connect().await;
    let mut deliveries = subscribed(&client, Service::Products, 8).await;
    let mut questions = client.serve(Service::Products, 8).await.expect("a place to serve");
    let left = harness.stop(vec![client]).await;
    let ended = timeout(LIMIT, deliveries.recv()).await.expect("the deliveries end");
    assert!(ended.is_none(), "a delivery from a broker that is gone: {ended:?}");
    let ended = timeout(LIMIT, questions.recv()).await.expect("the questions end");
    assert!(ended.is_none(), "a question from a broker that is gone: {ended:?}");
    drop(left);
}

/// Nothing that is asked of a client hangs once its broker is gone, and nothing seems to succeed.
pub async fn a_client_of_a_broker_that_is_gone_says_so<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let client = harness.connect().await;
    for client in harness.stop(vec![client]).await {
        let event = samples::placed(OrderId::new(), 1);
        let published = timeout(LIMIT, client.publish(&event)).await.expect("publishing ends");
        assert!(published.is_err(), "an event was confirmed by a broker that is gone");
        let question = samples::question("?", std::time::Duration::from_millis(500));
        let answer = timeout(LIMIT, client.call(question)).await.expect("a question ends");
        assert!(answer.is_err(), "a question was answered through a broker that is gone");
        let check = timeout(LIMIT, client.check()).await.expect("a check ends");
        assert!(check.is_err(), "a broker that is gone is said to be there");
    }
}

/// A confirmed event outlives the broker's process, and both clients find back to it by themselves.
pub async fn what_was_confirmed_survives_a_restart<H: BrokerHarness>() {
    if !H::SUPPORTS.restart {
        return;
    }
    let harness = H::fresh().await;
    let (publisher, consumers) = (harness.connect().await, harness.connect().await);
    let events: Vec<_> = (0..20).map(|n| samples::placed(OrderId::new(), n)).collect();
    for event in &events {
        done("it is confirmed", publishing(&publisher, event)).await;
    }
    harness.restart().await;
    let mut missing: std::collections::HashSet<_> = events.iter().map(|event| event.id).collect();
    let receiving = tokio::spawn(async move {
        while !missing.is_empty() {
            // While the broker is starting, subscribing fails, and streams end early.
            let Ok(mut deliveries) = consumers.subscribe(Service::Products, 8).await else {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            };
            while !missing.is_empty() {
                let Some(delivery) = deliveries.recv().await else { break };
                missing.remove(&delivery.settle().id);
            }
        }
        consumers
    });
    let consumers = done("everything that was confirmed comes", receiving).await;
    let mut deliveries = subscribed(&consumers, Service::Products, 8).await;
    let event = samples::placed(OrderId::new(), 99);
    let publishing = publishing(&publisher, &event);
    while next(&mut deliveries).await.settle().id != event.id {}
    done("publishing works again", publishing).await;
}
