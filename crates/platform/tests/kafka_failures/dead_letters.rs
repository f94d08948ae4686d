//! What ends its process each time.

use std::{future::pending, sync::Arc, time::Duration};

use contracts::{OrderId, Service, Timestamp};
use platform::{
    inbox::{DeadLetter, DeadLetterStore as _, EventRouter, MAX_ATTEMPTS},
    messaging::Envelope,
};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer as _},
};
use testkit::eventually;
use tokio::{sync::Notify, time::timeout};

use super::{
    cluster::Cluster,
    world::{Peer, Process, placed, router, sound},
};

/// The number of an order that cannot be handled.
const POISON: u32 = 13;
/// How long is listened for what must not come.
const QUIET: Duration = Duration::from_millis(500);

async fn letters(products: &Peer, count: usize) -> Vec<DeadLetter> {
    eventually(&format!("{count} dead letters"), || async {
        let letters = products.database.dead_letters(10).await.unwrap();
        (letters.len() >= count).then_some(letters)
    })
    .await
}

/// Writes down that so many have begun with the first event, and none has got on: what `platform` keeps as the metadata of
/// the committed offset.
fn begun(cluster: &Cluster, starts: u32) {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", cluster.mock.bootstrap_servers())
        .set("group.id", "mercato.products")
        .create()
        .unwrap();
    let mut offsets = TopicPartitionList::new();
    let mut first = offsets.add_partition("mercato.events.shopping", 0);
    first.set_offset(Offset::Offset(0)).unwrap();
    first.set_metadata(format!("{starts} 0"));
    consumer.commit(&offsets, CommitMode::Sync).unwrap();
}

/// Handles orders as products should, but for poison, which ends the process.
fn mortal(products: &Peer, ended: &Arc<Notify>) -> EventRouter {
    let ended = Arc::clone(ended);
    router(products, move |n| {
        let ended = Arc::clone(&ended);
        async move {
            if n == POISON {
                ended.notify_one();
                pending().await
            } else {
                Ok(())
            }
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_ends_its_process_each_time_becomes_a_dead_letter_and_its_neighbours_do_not() {
    const NEIGHBOURS: u32 = 5;
    // One partition, so that they are neighbours.
    let cluster = Cluster::of(1);
    let products = Peer::new(Service::Products).await;
    let publisher = cluster.connect().await;
    let poison = Envelope::seal(&placed(OrderId::new(), POISON), Timestamp::now());
    publisher.publish(&poison).await.unwrap();
    for n in 0..NEIGHBOURS {
        publisher.publish(&Envelope::seal(&placed(OrderId::new(), n), Timestamp::now())).await.unwrap();
    }
    drop(publisher);

    // It ends the process so soon that no neighbour is handled either: eight times in the past, and once before our eyes.
    begun(&cluster, 8);
    for starts in [9, 10] {
        let broker = cluster.connect().await;
        let mut deliveries = broker.subscribe(Service::Products, 8).await.unwrap();
        let first = deliveries.recv().await.unwrap();
        assert_eq!((first.envelope.id, first.given_up), (poison.id, starts == 10), "at start {starts}");
        if first.given_up {
            // Then they come one at a time.
            assert!(
                timeout(QUIET, deliveries.recv()).await.is_err(),
                "a neighbour came beside the first suspect"
            );
        } else {
            assert!(!deliveries.recv().await.unwrap().given_up);
        }
        drop((broker, deliveries, first));
    }

    let (ended, mut ends) = (Arc::new(Notify::new()), 0);
    loop {
        let broker = cluster.connect().await;
        let process = Process::start().consume(&products, &broker, mortal(&products, &ended));
        tokio::select! {
            () = ended.notified() => {
                ends += 1;
                assert!(ends <= MAX_ATTEMPTS, "it is tried again and again");
            }
            _ = letters(&products, 1) => {
                products.until_effects(NEIGHBOURS as usize).await;
                process.stop().await;
                break;
            }
        }
    }
    assert_eq!(ends, MAX_ATTEMPTS);
    let letters = letters(&products, 1).await;
    assert_eq!((letters.len(), letters[0].envelope.id, letters[0].attempts), (1, poison.id, MAX_ATTEMPTS));

    // Once it is mended it is handled after all.
    products.database.request_redrive(Some(poison.id), Timestamp::now()).await.unwrap();
    let process = Process::start().redrive(&products, sound(&products));
    products.until_effects(NEIGHBOURS as usize + 1).await;
    process.stop().await;
}
