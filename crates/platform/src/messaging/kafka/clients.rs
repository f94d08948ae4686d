//! What librdkafka's clients are told.

use rdkafka::{
    ClientConfig,
    admin::AdminClient,
    config::FromClientConfigAndContext as _,
    consumer::{BaseConsumer, StreamConsumer},
    error::KafkaResult,
    producer::FutureProducer,
};

use super::{
    address::Address,
    context::{Context, GroupContext},
    unrest,
};

/// How long a fetch may wait at a broker for something to come. Apache Kafka answers as soon as something has; those that
/// only look at the end of this time make each hop of an order, and each question, wait for half of it.
const FETCH_WAIT_MS: &str = "10";
/// How long the broker may take to confirm an event, with all that librdkafka tries again within that time.
const CONFIRM_MS: &str = "10000";

fn common(address: &Address) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", address.servers())
        .set("client.id", "mercato")
        .set("socket.connection.setup.timeout.ms", "5000")
        .set("socket.timeout.ms", "10000")
        .set("socket.nagle.disable", "true")
        .set("reconnect.backoff.ms", "100")
        .set("reconnect.backoff.max.ms", "1000");
    let protocol = match (address.tls, address.user.is_empty()) {
        (false, true) => "plaintext",
        (true, true) => "ssl",
        (false, false) => "sasl_plaintext",
        (true, false) => "sasl_ssl",
    };
    config.set("security.protocol", protocol);
    if !address.user.is_empty() {
        config
            .set("sasl.mechanism", &address.mechanism)
            .set("sasl.username", &address.user)
            .set("sasl.password", &address.password);
    }
    if address.tls {
        config.set("ssl.endpoint.identification.algorithm", "https");
        if let Some(file) = &address.cacertfile {
            config.set("ssl.ca.location", file);
        }
    }
    config
}

/// A producer of events: each is kept by all replicas that are in sync, once, and in order.
///
/// # Errors
/// [`rdkafka::error::KafkaError`] if librdkafka refuses the settings.
pub(super) fn events(address: &Address, context: Context) -> KafkaResult<FutureProducer<Context>> {
    let mut config = common(address);
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("linger.ms", "1")
        .set("message.timeout.ms", CONFIRM_MS)
        // A topic that was removed is missed after this long.
        .set("topic.metadata.propagation.max.ms", "3000")
        // As Java's clients place a key, so that whoever publishes by another client keeps the order, too.
        .set("partitioner", "murmur2_random");
    FutureProducer::from_config_and_context(&config, context)
}

/// A producer of questions and answers, which nobody waits for for long.
///
/// # Errors
/// As [`events`].
pub(super) fn questions(address: &Address, context: Context) -> KafkaResult<FutureProducer<Context>> {
    let mut config = common(address);
    config
        .set("acks", "1")
        .set("linger.ms", "0")
        .set("message.timeout.ms", "5000")
        .set("partitioner", "random")
        .set("sticky.partitioning.linger.ms", "0");
    FutureProducer::from_config_and_context(&config, context)
}

fn consumer(address: &Address) -> ClientConfig {
    let mut config = common(address);
    config
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("fetch.wait.max.ms", FETCH_WAIT_MS)
        .set("fetch.error.backoff.ms", "100")
        .set("queued.max.messages.kbytes", "8192");
    config
}

/// A consumer of the partitions that it assigns to itself.
///
/// # Errors
/// As [`events`].
pub(super) fn replies(address: &Address, context: Context) -> KafkaResult<StreamConsumer<Context>> {
    let mut config = consumer(address);
    // librdkafka wants one from every consumer. This one neither joins it nor commits anything.
    config.set("group.id", address.names.replies());
    config.set("auto.offset.reset", "latest");
    StreamConsumer::from_config_and_context(&config, context)
}

/// A member of the group `group`.
///
/// # Errors
/// As [`events`].
pub(super) fn member(
    address: &Address,
    group: &str,
    context: GroupContext,
) -> KafkaResult<StreamConsumer<GroupContext>> {
    let mut config = consumer(address);
    config
        .set("group.id", group)
        // Confirmed means kept for a group that has never been there.
        .set("auto.offset.reset", "earliest")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "1500")
        .set("statistics.interval.ms", unrest::LOOK.as_millis().to_string());
    StreamConsumer::from_config_and_context(&config, context)
}

/// Somebody who looks at the group `group`, and is no member of it.
///
/// # Errors
/// As [`events`].
pub(super) fn reader(
    address: &Address,
    group: &str,
    context: GroupContext,
) -> KafkaResult<BaseConsumer<GroupContext>> {
    let mut config = consumer(address);
    config.set("group.id", group);
    BaseConsumer::from_config_and_context(&config, context)
}

/// Who makes topics.
///
/// # Errors
/// As [`events`].
pub(super) fn administrator(address: &Address, context: Context) -> KafkaResult<AdminClient<Context>> {
    AdminClient::from_config_and_context(&common(address), context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messaging::end::End;

    /// librdkafka refuses what it was built without.
    #[test]
    fn tls_and_every_mechanism_are_built_in() {
        for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
            for scheme in ["kafka", "kafkas"] {
                let url = format!("{scheme}://shop:secret@127.0.0.1:9?mechanism={mechanism}");
                let address = Address::parse(&url).unwrap();
                let made = events(&address, Context::new(End::default()));
                assert!(made.is_ok(), "{url}: {:?}", made.err());
            }
        }
    }
}
