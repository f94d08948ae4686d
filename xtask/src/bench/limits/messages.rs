//! The messages of orders through RabbitMQ, and nothing around them: no store, no service, no HTTP.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::{
    StreamExt as _,
    stream::{FuturesUnordered, SelectAll, select_all},
};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer,
    message::Delivery,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
        QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable, ShortString},
};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::{
    super::{
        args::Settings,
        measure::{median, processes},
    },
    SLACK,
};

/// Who is told each of an order's events, in their order: products and shopping while the stock is reserved, payment and
/// shopping while the payment is authorised, and the same again while the stock is sold and the payment captured.
const EVENTS: [&str; 8] =
    ["products", "shopping", "payment", "shopping", "products", "shopping", "payment", "shopping"];
/// About as much as an event, in bytes.
const SIZE: usize = 400;
/// Unsettled messages that a consumer may have.
const PREFETCH: u16 = 256;

/// What RabbitMQ does of an order.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in super::super) struct MessageLimit {
    /// Orders a second.
    pub per_second: f64,
    /// CPU milliseconds of RabbitMQ for each.
    pub cpu_ms: f64,
}

/// Sends the events of as many orders at once as there are shoppers: each to a quorum queue, with a publisher confirm and an
/// acknowledgement, and the next when it has arrived. `url` is where RabbitMQ is, and `broker` its process.
///
/// # Errors
/// If RabbitMQ refuses what it is asked, or does not answer.
pub(super) async fn measure(url: &str, broker: u32, settings: &Settings) -> anyhow::Result<MessageLimit> {
    // lapin takes a path of `/` for a virtual host without a name.
    let connecting = Connection::connect(url.trim_end_matches('/'), ConnectionProperties::default());
    let connection = timeout(SLACK, connecting).await.context("RabbitMQ does not answer")??;
    let mut messages = timeout(SLACK, Messages::open(&connection)).await.context("RabbitMQ hangs")??;
    let length = Duration::from_secs(settings.seconds);
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for _ in 0..settings.runs {
        let before = processes::cpu(&[broker])?;
        let started = Instant::now();
        let running = messages.run(settings.connections, started + length);
        let orders = timeout(length + SLACK, running).await.context("messages do not arrive")??;
        let (took, cpu) = (started.elapsed(), processes::cpu(&[broker])?.saturating_sub(before));
        rates.push(orders / took.as_secs_f64());
        costs.push(cpu.as_secs_f64() * 1_000.0 / orders);
    }
    timeout(SLACK, connection.close(200, "goodbye".into())).await.context("RabbitMQ hangs")??;
    Ok(MessageLimit { per_second: median(rates), cpu_ms: median(costs) })
}

struct Messages {
    publishing: Channel,
    consuming: Channel,
    arriving: SelectAll<Consumer>,
}

impl Messages {
    async fn open(connection: &Connection) -> lapin::Result<Self> {
        let (publishing, consuming) =
            (connection.create_channel().await?, connection.create_channel().await?);
        publishing.confirm_select(ConfirmSelectOptions::default()).await?;
        consuming.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let mut consumers = Vec::new();
        for service in ["products", "shopping", "payment"] {
            let mut arguments = FieldTable::default();
            arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
            let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
            consuming.queue_declare(queue(service), durable, arguments).await?;
            let (tag, options) = (ShortString::default(), BasicConsumeOptions::default());
            consumers
                .push(consuming.basic_consume(queue(service), tag, options, FieldTable::default()).await?);
        }
        Ok(Self { publishing, consuming, arriving: select_all(consumers) })
    }

    /// Keeps `orders` of them under way until `end`, and gives how many ended altogether, those on the way at `end` included.
    async fn run(&mut self, orders: u32, end: Instant) -> anyhow::Result<f64> {
        let Self { publishing, consuming, arriving } = self;
        let mut ended = 0.0;
        let mut under_way = orders;
        let mut confirms: FuturesUnordered<_> = (0..orders).map(|_| publish(publishing, 0)).collect();
        let mut acknowledgements = FuturesUnordered::new();
        while under_way > 0 || !confirms.is_empty() || !acknowledgements.is_empty() {
            tokio::select! {
                Some(confirmed) = confirms.next() => confirmed?,
                Some(acknowledged) = acknowledgements.next() => acknowledged?,
                message = arriving.next(), if under_way > 0 => {
                    let message = message.context("RabbitMQ ended a consumer")??;
                    let next = number_of(&message)? + 1;
                    acknowledgements.push(consuming.basic_ack(message.delivery_tag, BasicAckOptions::default()));
                    if next < EVENTS.len() {
                        confirms.push(publish(publishing, next));
                        continue;
                    }
                    ended += 1.0;
                    if Instant::now() < end {
                        confirms.push(publish(publishing, 0));
                    } else {
                        under_way -= 1;
                    }
                }
            }
        }
        Ok(ended)
    }
}

fn queue(service: &str) -> ShortString {
    format!("limit.{service}").into()
}

/// Publishes event `number` of an order, and waits until it is confirmed.
async fn publish(channel: &Channel, number: usize) -> anyhow::Result<()> {
    let mut payload = vec![b' '; SIZE];
    payload[0] = u8::try_from(number)?;
    let (exchange, options) = (ShortString::default(), BasicPublishOptions::default());
    let properties = BasicProperties::default().with_delivery_mode(2);
    let sent = channel.basic_publish(exchange, queue(EVENTS[number]), options, &payload, properties).await?;
    let confirmation = sent.await?;
    anyhow::ensure!(matches!(confirmation, Confirmation::Ack(None)), "not confirmed: {confirmation:?}");
    Ok(())
}

/// Which event of an order a message is.
fn number_of(message: &Delivery) -> anyhow::Result<usize> {
    let number = usize::from(*message.data.first().context("a message without a number")?);
    anyhow::ensure!(number < EVENTS.len(), "a message of another run: {number}");
    Ok(number)
}
