//! Two connections to the broker, with everything that goes over them. When one thing fails, all of it ends.

use std::time::Duration;

use futures::{StreamExt as _, future::try_join_all};
use lapin::{
    Channel, Connection, ConnectionProperties, Event,
    options::BasicConsumeOptions,
    tcp::AMQPUriTcpExt as _,
    types::{FieldTable, ShortString},
};
use tokio::{
    sync::oneshot,
    time::{interval, timeout},
};

use super::{
    address::Address,
    event_wire,
    names::Names,
    publisher::{Outcome, Outgoing, Publisher},
    replies, topology,
};
use crate::messaging::{Envelope, calls::Calls, end::End};

/// Channels that events are published on: what one does not confirm yet does not hold up the others.
const CHANNELS: usize = 4;
/// How long a TCP connection with its TLS handshake may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How often it is looked whether a connection has failed without saying so.
const LOOK: Duration = Duration::from_secs(1);
/// How long the broker may take to say goodbye.
const CLOSE: Duration = Duration::from_secs(1);

/// What is there while the broker can be reached.
pub(super) struct Session {
    pub(super) names: Names,
    pub(super) end: End,
    publishing: Connection,
    /// A connection of its own: the broker stops to read from one that publishes when it is short of memory, and
    /// acknowledgements have to get through.
    pub(super) consuming: Connection,
    events: Vec<Publisher>,
    /// Asks.
    pub(super) questions: Publisher,
    /// Answers. Unconfirmed: whoever asked knows best how long it is worth waiting.
    pub(super) answers: Channel,
    /// Who waits for an answer.
    pub(super) calls: Calls,
    /// Where answers come.
    pub(super) replies: ShortString,
}

impl Session {
    /// Connects, and declares what has to be there.
    ///
    /// # Errors
    /// [`lapin::Error`].
    pub(super) async fn open(address: &Address) -> lapin::Result<Self> {
        let end = End::default();
        // What is spawned here ends if the rest fails, or takes too long.
        let guard = end.guard();
        let (publishing, consuming) =
            futures::try_join!(connect(address, "mercato publisher"), connect(address, "mercato consumer"))?;
        for connection in [&publishing, &consuming] {
            tokio::spawn(watch(connection.status().clone(), connection.events_listener(), end.clone()));
        }
        let names = address.names.clone();
        topology::declare(&publishing.create_channel().await?, &names).await?;

        let calls = Calls::new();
        let channel = consuming.create_channel().await?;
        let replies = topology::declare_replies(&channel, &names).await?;
        // Whatever comes is handed on or dropped at once, so nothing has to be acknowledged.
        let options = BasicConsumeOptions { no_ack: true, exclusive: true, ..BasicConsumeOptions::default() };
        let tag = ShortString::default();
        let consumer = channel.basic_consume(replies.clone(), tag, options, FieldTable::default()).await?;
        tokio::spawn(replies::take(consumer, calls.clone(), end.clone()));

        let events = try_join_all((0..CHANNELS).map(|_| Publisher::open(&publishing, &end))).await?;
        let questions = Publisher::open(&publishing, &end).await?;
        let answers = publishing.create_channel().await?;
        guard.disarm();
        Ok(Self { events, questions, answers, names, end, publishing, consuming, calls, replies })
    }

    /// Publishes an event, always on the same channel for one aggregate.
    ///
    /// # Returns
    /// Where its outcome is told, as [`Publisher::publish`] does.
    pub(super) async fn publish(
        &self,
        envelope: &Envelope,
        routing_key: ShortString,
    ) -> oneshot::Receiver<Outcome> {
        let channel = envelope.aggregate.as_u128() % CHANNELS as u128;
        let event = Outgoing {
            id: envelope.id,
            exchange: self.names.events(),
            routing_key,
            properties: event_wire::properties(envelope),
            payload: envelope.payload.clone(),
        };
        self.events[channel as usize].publish(event).await
    }

    /// Whether the broker is short of memory or disk, and takes nothing.
    pub(super) fn is_blocked(&self) -> bool {
        self.publishing.status().blocked()
    }

    /// Says goodbye, if there is anybody to say it to.
    pub(super) async fn close(&self) {
        self.end.because("closed");
        for connection in [&self.publishing, &self.consuming] {
            // An error tells that it is closed already.
            timeout(CLOSE, connection.close(200, "goodbye".into())).await.ok();
        }
    }
}

async fn connect(address: &Address, name: &str) -> lapin::Result<Connection> {
    let tls = address.tls.clone();
    Connection::connector(
        address.uri.clone(),
        lapin::runtime::default_runtime()?,
        // lapin waits as long as the operating system does, in a thread of its own.
        async move |uri, runtime| {
            let connected = timeout(CONNECT, uri.connect_with_config_async(tls.as_ref(), &runtime)).await;
            Ok(connected.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))??)
        },
        ConnectionProperties::default().with_connection_name(name.into()),
    )
    .await
}

/// Ends the session when a connection or one of its channels fails.
async fn watch(status: lapin::ConnectionStatus, events: impl futures::Stream<Item = Event>, end: End) {
    let mut events = std::pin::pin!(events);
    let mut look = interval(LOOK);
    while !end.is_over() {
        tokio::select! {
            () = end.wait() => {}
            event = events.next() => match event {
                Some(Event::Error(error)) => end.because(error),
                Some(Event::ConnectionBlocked(reason)) => {
                    tracing::warn!(reason, "the broker takes no messages for now");
                }
                Some(Event::ConnectionUnblocked) => tracing::info!("the broker takes messages again"),
                Some(_) => {}
                None => end.because("the connection is closed"),
            },
            _ = look.tick() => if !status.connected() {
                end.because("the connection is closed");
            },
        }
    }
}
