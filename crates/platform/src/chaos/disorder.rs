//! A broker that does what every broker may do, and does it often: events come twice, late, and in another order.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use contracts::Service;
use rand::RngExt as _;
use tokio::sync::mpsc;

use super::switches;
use crate::messaging::{
    Broker, BrokerError, Delivery, Envelope, PublishError, RpcCall, RpcError, RpcRequest,
};

/// How late a delivery may be: later than what follows it, earlier than anybody gives up.
const LATE_MS: u64 = 400;
/// How late a repetition may be: the order may have ended by then.
const REPEATED_MS: u64 = 2_000;

/// `broker`, or if that was asked for, the same in disorder.
#[must_use]
pub fn in_disorder(broker: Arc<dyn Broker>) -> Arc<dyn Broker> {
    let share = switches::disorder();
    if share > 0.0 { Arc::new(Disorder { broker, share }) } else { broker }
}

struct Disorder {
    broker: Arc<dyn Broker>,
    /// From 0 to 1.
    share: f64,
}

#[async_trait]
impl Broker for Disorder {
    async fn publish(&self, envelope: &Envelope) -> Result<(), PublishError> {
        self.broker.publish(envelope).await?;
        if happens(self.share) { self.broker.publish(envelope).await } else { Ok(()) }
    }

    async fn subscribe(
        &self,
        consumer: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<Delivery>, BrokerError> {
        let deliveries = self.broker.subscribe(consumer, window).await?;
        let (sender, receiver) = mpsc::channel(window.max(1));
        tokio::spawn(shuffle(deliveries, sender, self.share));
        Ok(receiver)
    }

    async fn call(&self, call: RpcCall) -> Result<Bytes, RpcError> {
        self.broker.call(call).await
    }

    async fn serve(
        &self,
        service: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<RpcRequest>, BrokerError> {
        self.broker.serve(service, window).await
    }

    async fn check(&self) -> Result<(), BrokerError> {
        self.broker.check().await
    }

    async fn leave(&self) {
        self.broker.leave().await;
    }
}

/// Hands on what comes, some of it late and some of it twice, until nobody takes it or nothing comes any more.
async fn shuffle(mut deliveries: mpsc::Receiver<Delivery>, sender: mpsc::Sender<Delivery>, share: f64) {
    loop {
        let delivery = tokio::select! {
            () = sender.closed() => return,
            delivery = deliveries.recv() => delivery,
        };
        let Some(delivery) = delivery else { return };
        if happens(share) {
            // Nobody waits for this one to be settled: it is the other that the broker knows of.
            let (again, _) = Delivery::new(delivery.envelope.clone());
            tokio::spawn(later(sender.clone(), again.marked(delivery.given_up), REPEATED_MS));
        }
        if happens(share) {
            tokio::spawn(later(sender.clone(), delivery, LATE_MS));
        } else if sender.send(delivery).await.is_err() {
            return;
        }
    }
}

async fn later(sender: mpsc::Sender<Delivery>, delivery: Delivery, most_ms: u64) {
    let rest = Duration::from_millis(rand::rng().random_range(0..most_ms));
    tokio::select! {
        () = sender.closed() => {}
        () = tokio::time::sleep(rest) => {
            // One that is not taken goes back to the broker as it is dropped.
            sender.send(delivery).await.ok();
        }
    }
}

fn happens(share: f64) -> bool {
    rand::rng().random_bool(share.clamp(0.0, 1.0))
}
