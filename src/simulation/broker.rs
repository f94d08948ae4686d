//! A broker that does whatever a broker may do: it refuses, confirms what it says was not taken, repeats, delays, hands over
//! in another order, and hands over again what was not settled. What it has confirmed it does not lose, unless it is
//! meant to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{Service, consumers_of};
use platform::{
    Clock,
    messaging::{Broker, BrokerError, Delivery, Envelope, PublishError, RpcCall, RpcError, RpcRequest},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::{dice::Dice, link::Life, story::Wrong, trace::Trace};

/// How long it usually takes to hand something over.
const QUICK: Duration = Duration::from_millis(20);
/// How long it takes now and then.
const SLOW: Duration = Duration::from_secs(4);

/// What goes on behind all ports.
pub(super) struct Exchange {
    consumers: Mutex<HashMap<Service, Line<Delivery>>>,
    servers: Mutex<HashMap<Service, Line<RpcRequest>>>,
    clock: Clock,
    dice: Dice,
    trace: Trace,
    wrong: Wrong,
}

/// The way to a service, as long as it lives.
#[derive(Clone)]
struct Line<T> {
    sender: mpsc::Sender<T>,
    life: Life,
}

impl<T> Line<T> {
    fn is_up(&self) -> bool {
        !self.life.is_over() && !self.sender.is_closed()
    }
}

impl Exchange {
    pub(super) fn new(clock: Clock, dice: Dice, trace: Trace, wrong: Wrong) -> Arc<Self> {
        let (consumers, servers) = (Mutex::default(), Mutex::default());
        Arc::new(Self { consumers, servers, clock, dice, trace, wrong })
    }

    /// What a service that lives this `life` sees of it.
    pub(super) fn port(self: &Arc<Self>, life: Life) -> Arc<dyn Broker> {
        Arc::new(Port { exchange: Arc::clone(self), life })
    }

    fn take(self: &Arc<Self>, envelope: &Envelope) {
        self.trace.note(&format!("taken: {}", envelope.event_type), Some(envelope.aggregate));
        for service in consumers_of(&envelope.event_type) {
            if self.wrong == Wrong::Losing && self.dice.mishap(30) {
                continue;
            }
            let repeated = if self.wrong == Wrong::Renaming { 50 } else { 8 };
            for _ in 0..1 + u32::from(self.dice.mishap(repeated)) {
                let (exchange, envelope) = (Arc::clone(self), envelope.clone());
                tokio::spawn(async move { exchange.hand_over(service, envelope).await });
            }
        }
    }

    /// Hands `envelope` over, again and again until it is settled.
    async fn hand_over(&self, service: Service, mut envelope: Envelope) {
        loop {
            self.dice.dawdle(if self.dice.mishap(5) { SLOW } else { QUICK }).await;
            let Some(line) = find(&self.consumers, service) else {
                sleep(Duration::from_millis(100)).await;
                continue;
            };
            if self.wrong == Wrong::Renaming {
                envelope.id = Uuid::now_v7();
            }
            let (delivery, settled) = Delivery::new(envelope.clone());
            if line.sender.send(delivery).await.is_err() {
                continue;
            }
            tokio::select! {
                biased;
                settled = settled => if settled.is_ok() {
                    self.trace.note(&format!("settled by {service}: {}", envelope.event_type), Some(envelope.aggregate));
                    return;
                },
                () = line.life.over() => {}
            }
        }
    }

    async fn ask(&self, call: RpcCall) -> Result<Bytes, RpcError> {
        let (service, time_left) = (call.service, call.deadline.since(self.clock.now()));
        let unavailable = || RpcError::Unavailable(service.to_string());
        let line = find(&self.servers, service).ok_or_else(unavailable)?;
        let (reply, answer) = oneshot::channel();
        line.sender.send(RpcRequest { call, reply }).await.map_err(|_| unavailable())?;
        let late = || RpcError::TimedOut(service.to_string());
        timeout(time_left, answer).await.map_err(|_| late())?.map_err(|_| unavailable())?
    }
}

fn find<T>(lines: &Mutex<HashMap<Service, Line<T>>>, service: Service) -> Option<Line<T>> {
    let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    let line = lines.get(&service)?;
    line.is_up().then(|| Line { sender: line.sender.clone(), life: line.life.clone() })
}

fn register<T>(
    lines: &Mutex<HashMap<Service, Line<T>>>,
    service: Service,
    life: &Life,
    window: usize,
) -> mpsc::Receiver<T> {
    let (sender, receiver) = mpsc::channel(window);
    let line = Line { sender, life: life.clone() };
    lines.lock().unwrap_or_else(PoisonError::into_inner).insert(service, line);
    receiver
}

/// The broker as one life of a service sees it.
struct Port {
    exchange: Arc<Exchange>,
    life: Life,
}

impl Port {
    /// On the way there or back.
    async fn pass(&self) {
        self.exchange.dice.dawdle(QUICK / 4).await;
        self.life.go_on().await;
    }

    fn mishap(&self, percent: u32) -> bool {
        self.exchange.dice.mishap(percent)
    }
}

#[async_trait]
impl Broker for Port {
    async fn publish(&self, envelope: &Envelope) -> Result<(), PublishError> {
        self.pass().await;
        if self.mishap(4) {
            return Err(PublishError::NotConfirmed("it was refused".to_owned()));
        }
        self.exchange.take(envelope);
        self.pass().await;
        if self.mishap(4) {
            return Err(PublishError::NotConfirmed("the confirmation was lost".to_owned()));
        }
        Ok(())
    }

    async fn subscribe(
        &self,
        consumer: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<Delivery>, BrokerError> {
        self.pass().await;
        Ok(register(&self.exchange.consumers, consumer, &self.life, window))
    }

    async fn call(&self, call: RpcCall) -> Result<Bytes, RpcError> {
        self.pass().await;
        if self.mishap(4) {
            return Err(RpcError::Unavailable(call.service.to_string()));
        }
        let (service, answer) = (call.service, self.exchange.ask(call).await);
        self.pass().await;
        if self.mishap(4) {
            return Err(RpcError::TimedOut(service.to_string()));
        }
        answer
    }

    async fn serve(
        &self,
        service: Service,
        window: usize,
    ) -> Result<mpsc::Receiver<RpcRequest>, BrokerError> {
        self.pass().await;
        Ok(register(&self.exchange.servers, service, &self.life, window))
    }

    async fn check(&self) -> Result<(), BrokerError> {
        Ok(())
    }
}
