//! What cannot be handled ends where `mercato dead-letters` sees it, and holds up nothing else. What ends its process each
//! time is tested over a mock of Kafka (`kafka_failures`): the broker here does not keep what is said with an offset.

use contracts::{OrderId, Service, Timestamp};
use platform::{
    inbox::{DeadLetter, DeadLetterStore as _, HandlerError},
    messaging::Envelope,
};
use rdkafka::{
    ClientConfig,
    producer::{FutureProducer, FutureRecord},
    util::Timeout,
};
use testkit::{eventually, servers::Kafka};

use super::{
    connected,
    world::{Peer, Process, placed, router},
};

/// The number of an order that cannot be handled.
const POISON: u32 = 13;

async fn letters(products: &Peer, count: usize) -> Vec<DeadLetter> {
    eventually(&format!("{count} dead letters"), || async {
        let letters = products.database.dead_letters(10).await.unwrap();
        (letters.len() >= count).then_some(letters)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poison_becomes_a_dead_letter_and_holds_up_nothing_else() {
    let node = Kafka::start().await.unwrap();
    let products = Peer::new(Service::Products).await;
    let broker = connected(&node.url()).await;
    let handles = router(&products, |n| async move {
        if n == POISON { Err(HandlerError::Failed("poison".to_owned())) } else { Ok(()) }
    });
    let process = Process::start().consume(&products, &broker, handles);

    // Two that are no events at all, and one that is and cannot be handled.
    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", format!("127.0.0.1:{}", node.port())).create().unwrap();
    for (topic, payload) in
        [("mercato.events.shopping", b"\xff\x00 no JSON".as_slice()), ("mercato.events.customer", b"")]
    {
        let record = FutureRecord::<str, [u8]>::to(topic).payload(payload);
        producer.send(record, Timeout::Never).await.unwrap();
    }
    let poison = Envelope::seal(&placed(OrderId::new(), POISON), Timestamp::now());
    broker.publish(&poison).await.unwrap();
    for n in 100..120 {
        broker.publish(&Envelope::seal(&placed(OrderId::new(), n), Timestamp::now())).await.unwrap();
    }
    assert_eq!(products.until_effects(20).await.len(), 20);
    let letters = letters(&products, 3).await;
    let malformed: Vec<_> =
        letters.iter().filter(|letter| letter.envelope.event_type == "malformed").collect();
    assert_eq!((letters.len(), malformed.len()), (3, 2));
    assert!(malformed.iter().any(|letter| &letter.envelope.payload[..] == b"\xff\x00 no JSON"));
    assert!(letters.iter().any(|letter| letter.envelope.id == poison.id && letter.error == "poison"));
    process.stop().await;
}
