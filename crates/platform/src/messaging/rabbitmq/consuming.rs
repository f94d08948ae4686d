//! Delivering the events of a service.

use std::{collections::BTreeSet, sync::Arc};

use contracts::Service;
use futures::{FutureExt as _, StreamExt as _, future::try_join_all, stream::FuturesUnordered};
use lapin::{
    Channel, Consumer, message,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions},
    types::{FieldTable, ShortString},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{event_wire, session::Session};
use crate::messaging::{Delivery, end::End};

/// One queue of a service's events, as one instance takes them, on a channel of its own: then a delivery's tag is its
/// place in the order, and one acknowledgement can stand for many.
struct Consuming {
    channel: Channel,
    deliveries: mpsc::Sender<Delivery>,
    places: Arc<Semaphore>,
    end: End,
    /// Whether the queue is that of the events that the broker gave up.
    given_up: bool,
    /// The tags of what was taken from the broker and is neither settled nor given back.
    unsettled: BTreeSet<u64>,
}

/// A delivery's tag, and whether it was settled.
type Outcome = (u64, bool);

/// Starts to deliver the events of `consumer`, with at most `window` of them unsettled: those of its queue, and one at a
/// time those that the broker gave up, with a mark, so that the inbox finds the one that ends its process and buries it.
///
/// # Errors
/// [`lapin::Error`].
pub(super) async fn subscribe(
    session: &Session,
    consumer: Service,
    window: usize,
) -> lapin::Result<mpsc::Receiver<Delivery>> {
    let window = window.max(1);
    let (deliveries, receiver) = mpsc::channel(window);
    let places = Arc::new(Semaphore::new(window));
    let prefetch = u16::try_from(window).unwrap_or(u16::MAX);
    let names = &session.names;
    let queues = [(names.events_of(consumer), prefetch, false), (names.dead_of(consumer), 1, true)];
    for (queue, prefetch, given_up) in queues {
        let channel = session.consuming.create_channel().await?;
        channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
        let (tag, options) = (ShortString::default(), BasicConsumeOptions::default());
        let messages = channel.basic_consume(queue, tag, options, FieldTable::default()).await?;
        let consuming = Consuming {
            channel,
            deliveries: deliveries.clone(),
            places: Arc::clone(&places),
            end: session.end.clone(),
            given_up,
            unsettled: BTreeSet::new(),
        };
        tokio::spawn(consuming.run(messages));
    }
    Ok(receiver)
}

impl Consuming {
    async fn run(mut self, mut messages: Consumer) {
        let mut outcomes = FuturesUnordered::new();
        // Taken, and not delivered before there is a place for it.
        let mut held: Option<message::Delivery> = None;
        let (mut taking, mut more) = (true, true);
        while more || held.is_some() || !outcomes.is_empty() {
            let done = tokio::select! {
                biased;
                () = self.end.wait() => return,
                Some(first) = outcomes.next() => {
                    let mut settled = vec![first];
                    while let Some(Some(next)) = outcomes.next().now_or_never() {
                        settled.push(next);
                    }
                    self.settle(&settled).await
                }
                () = self.deliveries.closed(), if taking => {
                    taking = false;
                    if let Some(message) = held.take() {
                        outcomes.push(outcome(message.delivery_tag, None));
                    }
                    self.channel.basic_cancel(messages.tag(), BasicCancelOptions::default()).await
                }
                place = Arc::clone(&self.places).acquire_owned(), if held.is_some() => {
                    if let (Some(message), Ok(place)) = (held.take(), place) {
                        let tag = message.delivery_tag;
                        outcomes.push(outcome(tag, Some(self.deliver(message, place))));
                    }
                    Ok(())
                }
                message = messages.next(), if more && held.is_none() => match message {
                    Some(Ok(message)) => {
                        self.unsettled.insert(message.delivery_tag);
                        if taking {
                            held = Some(message);
                        } else {
                            outcomes.push(outcome(message.delivery_tag, None));
                        }
                        Ok(())
                    }
                    Some(Err(error)) => Err(error),
                    None if taking => {
                        self.end.because("a queue of events is gone");
                        Ok(())
                    }
                    None => {
                        more = false;
                        Ok(())
                    }
                },
            };
            if let Err(error) = done {
                self.end.because(error);
            }
        }
    }

    /// Delivers `message`.
    ///
    /// # Returns
    /// Where it is told that it is settled.
    fn deliver(&self, mut message: message::Delivery, place: OwnedSemaphorePermit) -> oneshot::Receiver<()> {
        let (delivery, settled) = Delivery::new(event_wire::envelope(&mut message));
        // It has room for all who have a place. If nobody reads it any more, the delivery is dropped, and given back.
        self.deliveries.try_send(delivery.marked(self.given_up).keeping(place)).ok();
        settled
    }

    /// Tells the broker. What lies before everything unsettled is acknowledged at once, the rest one by one.
    async fn settle(&mut self, outcomes: &[Outcome]) -> lapin::Result<()> {
        for (tag, _) in outcomes {
            self.unsettled.remove(tag);
        }
        let back = outcomes.iter().filter(|(_, settled)| !settled);
        let options = BasicNackOptions { multiple: false, requeue: true };
        try_join_all(back.map(|(tag, _)| self.channel.basic_nack(*tag, options))).await?;

        let settled = outcomes.iter().filter(|(_, settled)| *settled).map(|(tag, _)| *tag);
        let (before, after) = divide(settled, self.unsettled.first().copied());
        let together = before.map(|tag| self.channel.basic_ack(tag, BasicAckOptions { multiple: true }));
        let single = after.iter().map(|tag| self.channel.basic_ack(*tag, BasicAckOptions::default()));
        futures::try_join!(try_join_all(together), try_join_all(single))?;
        Ok(())
    }
}

async fn outcome(tag: u64, settled: Option<oneshot::Receiver<()>>) -> Outcome {
    let settled = match settled {
        Some(settled) => settled.await.is_ok(),
        None => false,
    };
    (tag, settled)
}

/// The last of the `settled` tags before `first_unsettled`, and all that come after that.
fn divide(settled: impl Iterator<Item = u64>, first_unsettled: Option<u64>) -> (Option<u64>, Vec<u64>) {
    let (before, after): (Vec<_>, Vec<_>) =
        settled.partition(|tag| first_unsettled.is_none_or(|first| *tag < first));
    (before.into_iter().max(), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_before_everything_unsettled_is_acknowledged_together() {
        assert_eq!(divide([3, 1, 2, 7, 5].into_iter(), Some(4)), (Some(3), vec![7, 5]));
        assert_eq!(divide([3, 1].into_iter(), None), (Some(3), vec![]));
        assert_eq!(divide([3].into_iter(), Some(1)), (None, vec![3]));
    }
}
