//! What has to be there before an event is published: the exchanges, and a queue for each service.
//!
//! Every process declares all of it, so that an event waits for a service that has never run. It is the same on
//! RabbitMQ 3.10 and 4: no deprecated feature, and nothing left to a default that changed between them.

use contracts::{Service, subscriptions_of};
use futures::future::try_join_all;
use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};

use super::names::Names;

/// How often an event is delivered before the broker gives it up. Attempts are counted in the consumer's inbox; this is
/// the backstop for an event that ends the process before the inbox can count.
const DELIVERY_LIMIT: i32 = 20;
/// What the broker gave up is never given up again. RabbitMQ 4 would otherwise drop it after 20 deliveries, and 3.10
/// does not know the `-1` that stands for "no limit".
const NO_LIMIT: i32 = 1_000_000_000;
/// Questions that wait for a service at most. The broker refuses those beyond, and the asker is told that it is busy.
const QUESTIONS: i32 = 10_000;

const DURABLE: QueueDeclareOptions = QueueDeclareOptions {
    passive: false,
    durable: true,
    exclusive: false,
    auto_delete: false,
    nowait: false,
};

/// Declares the exchanges, and each service's queues for events.
///
/// # Errors
/// [`lapin::Error`], also if something of that name exists and is different.
pub(super) async fn declare(channel: &Channel, names: &Names) -> lapin::Result<()> {
    exchange(channel, names.events(), ExchangeKind::Topic).await?;
    exchange(channel, names.dead(), ExchangeKind::Direct).await?;
    for service in Service::ALL {
        let (queue, dead) = (names.events_of(service), names.dead_of(service));
        channel.queue_declare(dead.clone(), DURABLE, quorum(NO_LIMIT)).await?;
        bind(channel, &dead, names.dead(), dead.clone()).await?;

        let mut arguments = quorum(DELIVERY_LIMIT);
        arguments.insert("x-dead-letter-exchange".into(), text(names.dead().as_str()));
        arguments.insert("x-dead-letter-routing-key".into(), text(dead.as_str()));
        // It leaves the queue when the other one has it, and not before.
        arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
        arguments.insert("x-overflow".into(), text("reject-publish"));
        channel.queue_declare(queue.clone(), DURABLE, arguments).await?;
        let bound = subscriptions_of(service)
            .iter()
            .map(|event_type| bind(channel, &queue, names.events(), (*event_type).into()));
        try_join_all(bound).await?;
    }
    Ok(())
}

/// Declares the queue of the questions to `service`: by the service itself, so that whoever asks one that has never run
/// is told so at once. Classic, because a question that outlives the broker is late anyway.
///
/// # Errors
/// As [`declare`].
pub(super) async fn declare_questions(
    channel: &Channel,
    names: &Names,
    service: Service,
) -> lapin::Result<ShortString> {
    let queue = names.questions_to(service);
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("classic"));
    arguments.insert("x-max-length".into(), AMQPValue::LongInt(QUESTIONS));
    arguments.insert("x-overflow".into(), text("reject-publish"));
    channel.queue_declare(queue.clone(), DURABLE, arguments).await?;
    Ok(queue)
}

/// Declares the queue of the answers to whoever has this connection; it goes when the connection does.
///
/// # Errors
/// As [`declare`].
pub(super) async fn declare_replies(channel: &Channel, names: &Names) -> lapin::Result<ShortString> {
    let queue = names.replies();
    let options = QueueDeclareOptions { durable: false, exclusive: true, auto_delete: true, ..DURABLE };
    channel.queue_declare(queue.clone(), options, FieldTable::default()).await?;
    Ok(queue)
}

async fn exchange(channel: &Channel, name: ShortString, kind: ExchangeKind) -> lapin::Result<()> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(name, kind, options, FieldTable::default()).await
}

async fn bind(
    channel: &Channel,
    queue: &ShortString,
    exchange: ShortString,
    key: ShortString,
) -> lapin::Result<()> {
    channel.queue_bind(queue.clone(), exchange, key, QueueBindOptions::default(), FieldTable::default()).await
}

fn quorum(delivery_limit: i32) -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(delivery_limit));
    arguments
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}
