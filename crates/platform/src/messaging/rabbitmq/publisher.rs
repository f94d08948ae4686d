//! A channel that publishes with confirms, many at a time.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionStatus,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::ShortString,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use uuid::Uuid;

use crate::chaos::{Point, crash_point};
use crate::messaging::end::End;

/// Messages that wait for their confirms on one channel.
const WINDOW: usize = 256;
/// How long the broker may take to confirm. One that takes longer, without having said that it is short of memory or
/// disk, is taken to be gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Every queue that it went to has it.
    Confirmed,
    /// It went to no queue.
    Returned,
    /// A queue is full, or cannot take it.
    Refused,
    /// The channel confirmed it together with the return of another message: which was meant cannot be told.
    Unclear,
    /// The connection failed, or the broker takes nothing now.
    Failed(String),
}

/// A message to publish.
pub(super) struct Outgoing {
    /// The message id among its properties.
    pub(super) id: Uuid,
    pub(super) exchange: ShortString,
    pub(super) routing_key: ShortString,
    pub(super) properties: BasicProperties,
    pub(super) payload: Bytes,
}

type Waiting = HashMap<Uuid, oneshot::Sender<Outcome>>;

/// One channel in confirm mode, and the task that has it to itself.
///
/// It has to: lapin numbers a message before it queues it, so that two tasks that publish at once get each other's
/// confirms.
pub(super) struct Publisher {
    queue: mpsc::Sender<(Outgoing, oneshot::Sender<Outcome>)>,
    status: ConnectionStatus,
}

impl Publisher {
    /// A publisher on a channel of its own, until `end`.
    ///
    /// # Errors
    /// [`lapin::Error`].
    pub(super) async fn open(connection: &Connection, end: &End) -> lapin::Result<Self> {
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let (queue, messages) = mpsc::channel(WINDOW);
        let status = connection.status().clone();
        tokio::spawn(run(channel, messages, status.clone(), end.clone()));
        Ok(Self { queue, status })
    }

    /// Publishes a message.
    ///
    /// # Returns
    /// Where its outcome is told. The sender is dropped untold if the session ends.
    pub(super) async fn publish(&self, message: Outgoing) -> oneshot::Receiver<Outcome> {
        let (told, outcome) = oneshot::channel();
        if self.status.blocked() {
            // lapin would keep it, and all that come after it, until the broker takes messages again.
            told.send(Outcome::Failed("the broker is short of memory or disk".to_owned())).ok();
        } else {
            // If the task is gone, so is the session, and `told` with the message.
            self.queue.send((message, told)).await.ok();
        }
        outcome
    }
}

async fn run(
    channel: Channel,
    mut messages: mpsc::Receiver<(Outgoing, oneshot::Sender<Outcome>)>,
    status: ConnectionStatus,
    end: End,
) {
    let mut on_their_way = FuturesUnordered::new();
    let mut waiting = Waiting::new();
    loop {
        tokio::select! {
            biased;
            () = end.wait() => return,
            Some(first) = on_their_way.next() => {
                let mut confirmed = vec![first];
                while let Some(Some(next)) = on_their_way.next().now_or_never() {
                    confirmed.push(next);
                }
                tell(confirmed, &mut waiting, &status, &end);
            }
            message = messages.recv(), if on_their_way.len() < WINDOW => {
                let Some((message, told)) = message else { return };
                waiting.insert(message.id, told);
                on_their_way.push(confirm(channel.clone(), message));
            }
        }
    }
}

/// A confirm, or why there is none.
type Confirmed = (Uuid, Result<Confirmation, String>);

async fn confirm(channel: Channel, message: Outgoing) -> Confirmed {
    let Outgoing { id, exchange, routing_key, properties, payload } = message;
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    let published = async {
        let sent = channel.basic_publish(exchange, routing_key, options, &payload, properties).await?;
        crash_point(Point::AfterPublish);
        sent.await
    };
    let confirmation = match timeout(PATIENCE, published).await {
        Ok(confirmation) => confirmation.map_err(|error| error.to_string()),
        Err(_) => Err(format!("the broker has not confirmed within {PATIENCE:?}")),
    };
    (id, confirmation)
}

/// Tells what became of messages, in the order in which they were confirmed.
///
/// lapin hands a returned message to whichever confirm comes next, which may be another message's, but never to one that
/// is later than its own. So all returns among those that are ready are looked at first.
fn tell(confirmed: Vec<Confirmed>, waiting: &mut Waiting, status: &ConnectionStatus, end: &End) {
    let mut outcomes = Vec::with_capacity(confirmed.len());
    for (id, confirmation) in confirmed {
        let outcome = match confirmation {
            Ok(Confirmation::Ack(None)) => Outcome::Confirmed,
            Ok(Confirmation::Nack(None)) => Outcome::Refused,
            Ok(Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned))) => {
                if let Some(told) = message_id(&returned.properties).and_then(|id| waiting.remove(&id)) {
                    told.send(Outcome::Returned).ok();
                }
                Outcome::Unclear
            }
            Ok(Confirmation::NotRequested) => Outcome::Failed("the channel does not confirm".to_owned()),
            Err(reason) => {
                if !status.blocked() {
                    end.because(&reason);
                }
                Outcome::Failed(reason)
            }
        };
        outcomes.push((id, outcome));
    }
    for (id, outcome) in outcomes {
        if let Some(told) = waiting.remove(&id) {
            told.send(outcome).ok();
        }
    }
}

fn message_id(properties: &BasicProperties) -> Option<Uuid> {
    properties.message_id().as_ref()?.as_str().parse().ok()
}
