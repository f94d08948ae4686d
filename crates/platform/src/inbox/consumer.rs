//! The consumer: takes what the broker delivers to the handlers, in order within an aggregate.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use super::{DeadLetter, EventRouter, HandlerError, InboxStore, MAX_ATTEMPTS, Received};
use crate::{
    Clock,
    backoff::Backoff,
    chaos::{Point, crash_point},
    messaging::{Broker, Delivery, Envelope},
};

/// Deliveries that a service works on or holds at a time. What is beyond waits in the broker.
const WINDOW: usize = 256;

/// Consumes the events of one service. A message that fails keeps back its own aggregate and no other.
pub struct Consumer {
    router: Arc<EventRouter>,
    store: Arc<dyn InboxStore>,
    broker: Arc<dyn Broker>,
    clock: Clock,
    shutdown: CancellationToken,
    /// Room for what is worked on or held. The broker keeps to the window as well, but begins a new one with each connection.
    places: Arc<Semaphore>,
    /// Deliveries that wait behind another of their aggregate. An aggregate with an entry has a task.
    waiting: Mutex<HashMap<Uuid, VecDeque<Taken>>>,
}

/// A delivery, and its place among those that are worked on or held.
type Taken = (Delivery, OwnedSemaphorePermit);

impl Consumer {
    /// A consumer that hands what `broker` delivers to `router`.
    #[must_use]
    pub fn new(
        router: Arc<EventRouter>,
        store: Arc<dyn InboxStore>,
        broker: Arc<dyn Broker>,
        clock: Clock,
        shutdown: CancellationToken,
    ) -> Self {
        let places = Arc::new(Semaphore::new(WINDOW));
        Self { router, store, broker, clock, shutdown, places, waiting: Mutex::default() }
    }

    /// Consumes until shutdown, subscribing again whenever the connection ends; then finishes what it has begun.
    pub async fn run(self) {
        let consumer = Arc::new(self);
        let begun = TaskTracker::new();
        let mut backoff = Backoff::reconnect();
        while !consumer.shutdown.is_cancelled() {
            match consumer.broker.subscribe(consumer.router.service(), WINDOW).await {
                Ok(deliveries) => {
                    backoff.reset();
                    consumer.take(deliveries, &begun).await;
                }
                Err(error) => {
                    tracing::warn!(service = %consumer.router.service(), %error, "cannot subscribe")
                }
            }
            consumer.shutdown.run_until_cancelled(backoff.rest()).await;
        }
        begun.close();
        begun.wait().await;
    }

    async fn take(self: &Arc<Self>, mut deliveries: mpsc::Receiver<Delivery>, begun: &TaskTracker) {
        while let Some(taken) = self.shutdown.run_until_cancelled(self.next(&mut deliveries)).await.flatten()
        {
            let aggregate = taken.0.envelope.aggregate;
            let mut waiting = self.waiting();
            if let Some(queue) = waiting.get_mut(&aggregate) {
                queue.push_back(taken);
            } else {
                waiting.insert(aggregate, VecDeque::new());
                drop(waiting);
                let consumer = Arc::clone(self);
                begun.spawn(async move { consumer.work_through(aggregate, taken).await });
            }
        }
        // What nobody has begun with comes again to whoever subscribes next.
        self.waiting().values_mut().for_each(VecDeque::clear);
    }

    /// The next delivery, once there is room for it.
    async fn next(&self, deliveries: &mut mpsc::Receiver<Delivery>) -> Option<Taken> {
        let delivery = deliveries.recv().await?;
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        Some((delivery, place))
    }

    /// Handles what was `taken` and then what has come for the same aggregate meanwhile.
    async fn work_through(&self, aggregate: Uuid, taken: Taken) {
        let mut next = Some(taken);
        while let Some((delivery, place)) = next {
            if self.handle(&delivery).await {
                crash_point(Point::AfterEffect);
                delivery.settle();
                crash_point(Point::AfterAck);
            }
            drop(place);
            next = self.next_of(aggregate);
        }
    }

    fn next_of(&self, aggregate: Uuid) -> Option<Taken> {
        let mut waiting = self.waiting();
        let next = waiting.get_mut(&aggregate).and_then(VecDeque::pop_front);
        if next.is_none() || self.shutdown.is_cancelled() {
            // Whatever still waits is dropped unsettled here, and delivered again to whoever comes next.
            waiting.remove(&aggregate);
            return None;
        }
        next
    }

    /// Tries until the message is handled or buried.
    ///
    /// # Returns
    /// Whether it may be settled; `false` only at shutdown.
    async fn handle(&self, delivery: &Delivery) -> bool {
        let envelope = &delivery.envelope;
        let mut outage = Backoff::reconnect();
        let mut failure = Backoff::new(Duration::from_millis(50), Duration::from_secs(4));
        let mut suspect = delivery.given_up;
        loop {
            let next =
                if suspect { self.count_suspect(envelope).await } else { self.attempt(envelope).await };
            suspect &= !matches!(next, Next::TryAgain);
            let rest = match next {
                Next::Settle => return true,
                Next::Bury(letter) => return self.bury(*letter).await,
                Next::TryAgain => failure.next_rest(),
                Next::Wait => outage.next_rest(),
            };
            if self.shutdown.run_until_cancelled(tokio::time::sleep(rest)).await.is_none() {
                return false;
            }
        }
    }

    async fn attempt(&self, envelope: &Envelope) -> Next {
        crash_point(Point::BeforeEffect);
        match self.router.dispatch(envelope).await {
            Ok(()) => Next::Settle,
            Err(error) => self.after(envelope, error).await,
        }
    }

    /// Counts an attempt at a message that the broker gave up before it is made: if the message ends this process, nobody
    /// is left to count it afterwards. Others of its fate were only near one that does; they are handled now.
    async fn count_suspect(&self, envelope: &Envelope) -> Next {
        let received = Received::by(self.router.service(), envelope);
        match self.store.record_failure(received, self.clock.now()).await {
            Ok(attempts) if attempts > MAX_ATTEMPTS => {
                let error = "the process ended each time it was handled";
                self.letter(envelope, error.to_owned(), attempts - 1)
            }
            Ok(_) => Next::TryAgain,
            Err(error) => {
                tracing::warn!(event = %envelope.event_type, message_id = %envelope.id, %error, "a message has to wait");
                Next::Wait
            }
        }
    }

    async fn after(&self, envelope: &Envelope, error: HandlerError) -> Next {
        let received = Received::by(self.router.service(), envelope);
        let (attempts, last) = match &error {
            HandlerError::Unavailable(reason) => {
                tracing::warn!(event = %envelope.event_type, message_id = %envelope.id, reason, "a message has to wait");
                return Next::Wait;
            }
            HandlerError::Malformed(_) => (1, true),
            HandlerError::Failed(_) => match self.store.record_failure(received, self.clock.now()).await {
                Ok(attempts) => (attempts, attempts >= MAX_ATTEMPTS),
                Err(uncounted) => {
                    tracing::warn!(event = %envelope.event_type, message_id = %envelope.id, %error, %uncounted, "a message failed");
                    return Next::Wait;
                }
            },
        };
        if !last {
            tracing::warn!(event = %envelope.event_type, message_id = %envelope.id, attempts, %error, "a message failed");
            return Next::TryAgain;
        }
        self.letter(envelope, error.to_string(), attempts)
    }

    fn letter(&self, envelope: &Envelope, error: String, attempts: u32) -> Next {
        Next::Bury(Box::new(DeadLetter {
            consumer: self.router.service(),
            envelope: envelope.clone(),
            error,
            attempts,
            died_at: self.clock.now(),
            redrive_at: None,
        }))
    }

    /// Tries until the store has the letter. What it tells of is not handled meanwhile: it has had its attempts.
    ///
    /// # Returns
    /// Whether it has; `false` only at shutdown.
    async fn bury(&self, letter: DeadLetter) -> bool {
        let DeadLetter { envelope, error, attempts, .. } = &letter;
        let mut outage = Backoff::reconnect();
        while let Err(unburied) = self.store.bury(letter.clone()).await {
            tracing::warn!(event = %envelope.event_type, message_id = %envelope.id, error, %unburied, "a dead message has to wait");
            if self.shutdown.run_until_cancelled(outage.rest()).await.is_none() {
                return false;
            }
        }
        tracing::error!(event = %envelope.event_type, message_id = %envelope.id, attempts, error, "a message is dead");
        true
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Uuid, VecDeque<Taken>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Next {
    Settle,
    Bury(Box<DeadLetter>),
    TryAgain,
    Wait,
}
