//! Delivering the events of a service.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use contracts::{Service, asyncapi::EVENTS, subscriptions_of};
use futures::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use rdkafka::{
    error::{KafkaError, KafkaResult},
    message::OwnedMessage,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::{Instant, MissedTickBehavior, interval},
};

use super::{
    context::is_final,
    event_wire,
    group::Group,
    progress::Ticket,
    session::{CLOSED, Session},
    streams::Streams,
    watchdog::Watchdog,
};
use crate::messaging::{Delivery, Envelope, end::End};

/// How often what is settled is committed. What is settled in between comes again after a crash.
const COMMIT: Duration = Duration::from_millis(100);
/// How long an event may wait for a place before the partitions are paused. Before that nothing is asked of the client,
/// which keeps what it has fetched; but who asks nothing of it for minutes is taken for dead, and holds up the group.
const PATIENCE: Duration = Duration::from_secs(2);

/// The events of one service, as one instance takes them.
struct Consuming {
    consumer: Service,
    group: Group,
    deliveries: mpsc::Sender<Delivery>,
    places: Arc<Semaphore>,
    end: End,
    /// Taken, and not delivered before there is a place for it.
    waiting: VecDeque<(Ticket, Envelope)>,
    /// Since when something waits.
    waits_since: Option<Instant>,
    paused: bool,
}

/// A delivery, and whether it was settled.
type Outcome = (Ticket, Envelope, bool);

/// Starts to deliver the events of `consumer`, with at most `window` of them unsettled.
///
/// # Errors
/// [`KafkaError`] if librdkafka refuses.
pub(super) fn subscribe(
    session: &Session,
    streams: &Streams,
    consumer: Service,
    window: usize,
) -> KafkaResult<mpsc::Receiver<Delivery>> {
    let window = window.max(1);
    let (deliveries, receiver) = mpsc::channel(window);
    let names = &session.address.names;
    let topics: Vec<String> = sources_of(consumer).map(|service| names.events_of(service)).collect();
    if topics.is_empty() {
        // Nothing ever comes, until the session ends.
        let end = session.end.clone();
        streams.run(async move {
            tokio::select! { () = end.wait() => {}, () = deliveries.closed() => {} }
        });
        return Ok(receiver);
    }
    let consuming = Consuming {
        consumer,
        group: Group::join(session, &names.consumers_of(consumer), &topics)?,
        deliveries,
        places: Arc::new(Semaphore::new(window)),
        end: session.end.clone(),
        waiting: VecDeque::new(),
        waits_since: None,
        paused: false,
    };
    streams.run(consuming.run());
    Ok(receiver)
}

/// The services that publish what `consumer` subscribes to.
pub(super) fn sources_of(consumer: Service) -> impl Iterator<Item = Service> {
    let publishes = move |service: Service| {
        let mut events = EVENTS.iter().filter(move |event| event.source == service);
        events.any(|event| subscriptions_of(consumer).contains(&event.event_type))
    };
    Service::ALL.into_iter().filter(move |service| publishes(*service))
}

impl Consuming {
    async fn run(mut self) {
        let mut outcomes = FuturesUnordered::new();
        let mut commit = interval(COMMIT);
        commit.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut watchdog, mut looks) = (Watchdog::default(), FuturesUnordered::new());
        let mut taking = true;
        while taking || !outcomes.is_empty() {
            let may_receive = taking && (self.waiting.is_empty() || self.paused);
            tokio::select! {
                biased;
                () = self.end.wait() => break,
                Some(first) = outcomes.next() => {
                    self.note(first, taking);
                    while let Some(Some(next)) = outcomes.next().now_or_never() {
                        self.note(next, taking);
                    }
                }
                () = self.deliveries.closed(), if taking => {
                    taking = false;
                    self.waiting.clear();
                }
                _ = commit.tick() => {
                    self.group.commit();
                    self.pause_if_it_takes_long();
                    if may_receive && !self.paused && watchdog.is_due() {
                        looks.push(self.group.behind());
                    }
                }
                Some(behind) = looks.next() => if let Some((topic, partition)) = watchdog.compare(behind) {
                    self.end.because(format!("partition {partition} of {topic} gives nothing, and has something"));
                },
                place = Arc::clone(&self.places).acquire_owned(), if self.may_deliver() => {
                    if let (Some((ticket, envelope)), Ok(place)) = (self.waiting.pop_front(), place) {
                        let settled = self.deliver(&ticket, &envelope, place);
                        outcomes.push(async move { (ticket, envelope, settled.await.is_ok()) });
                        self.resume_if_nothing_waits();
                    }
                }
                message = self.group.receive(), if may_receive => {
                    self.take(message).await;
                }
            }
        }
        let broker_is_there = !self.end.is_over() || self.end.reason() == CLOSED;
        // Nobody is to wait for more while the group is left.
        drop(self.deliveries);
        self.group.leave(broker_is_there).await;
    }

    async fn take(&mut self, message: KafkaResult<OwnedMessage>) {
        match message {
            Ok(message) => match self.group.meet(&message).await {
                Ok(Some(ticket)) => self.keep(ticket, event_wire::envelope(&message)),
                Ok(None) => {}
                Err(error) => self.not_met(&message, &error).await,
            },
            Err(error) if is_final(&error) => self.end.because(error),
            Err(error) => tracing::debug!(consumer = %self.consumer, %error, "events are late"),
        }
        if self.paused {
            // A partition that was given to us just now is not.
            self.group.pause();
        }
    }

    /// What is not for this service is done.
    fn keep(&mut self, ticket: Ticket, envelope: Envelope) {
        let is_for_us = subscriptions_of(self.consumer).contains(&envelope.event_type.as_str());
        if is_for_us || event_wire::is_malformed(&envelope) {
            self.waiting.push_back((ticket, envelope));
        } else {
            self.group.settle(&ticket);
        }
    }

    /// A message was taken and not met. It has to come again before anything behind it does: here, which is what is left to
    /// do while partitions are given out anew, or to whoever comes next.
    async fn not_met(&self, message: &OwnedMessage, error: &KafkaError) {
        tracing::debug!(consumer = %self.consumer, %error, "an event has to come again");
        if is_final(error) || self.group.give_back(message).await.is_err() {
            self.end.because(error);
        }
    }

    fn may_deliver(&self) -> bool {
        let next = self.waiting.front();
        next.is_some_and(|(ticket, _)| self.group.context().progress().is_its_turn(ticket))
    }

    /// Delivers an event.
    ///
    /// # Returns
    /// Where it is told that it is settled.
    fn deliver(
        &self,
        ticket: &Ticket,
        envelope: &Envelope,
        place: OwnedSemaphorePermit,
    ) -> oneshot::Receiver<()> {
        let (delivery, settled) = Delivery::new(envelope.clone());
        let suspect = self.group.context().progress().is_suspect(ticket);
        // It has room for all who have a place. If nobody reads it any more, the delivery is dropped, and given back.
        self.deliveries.try_send(delivery.marked(suspect).keeping(place)).ok();
        settled
    }

    /// Kafka knows no way to give one event back: it stays here, and is delivered again.
    fn note(&mut self, (ticket, envelope, settled): Outcome, taking: bool) {
        if settled {
            let suspect = self.group.context().progress().is_suspect(&ticket);
            self.group.settle(&ticket);
            if suspect {
                // Before the next one can end the process.
                self.group.commit();
            }
        } else if taking && self.group.context().progress().holds(&ticket) {
            self.waiting.push_front((ticket, envelope));
        }
    }

    fn pause_if_it_takes_long(&mut self) {
        if self.waiting.is_empty() {
            self.waits_since = None;
            return;
        }
        let since = *self.waits_since.get_or_insert_with(Instant::now);
        if !self.paused && since.elapsed() > PATIENCE {
            self.group.pause();
            self.paused = true;
        }
    }

    fn resume_if_nothing_waits(&mut self) {
        self.waits_since = None;
        if self.paused && self.waiting.is_empty() {
            self.group.resume();
            self.paused = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_reads_the_topics_of_those_who_have_something_for_it() {
        let sources = |consumer| sources_of(consumer).collect::<Vec<_>>();
        assert_eq!(sources(Service::Customer), []);
        assert_eq!(sources(Service::Products), [Service::Customer, Service::Shopping]);
        assert_eq!(sources(Service::Shopping), [Service::Customer, Service::Products, Service::Payment]);
    }
}
