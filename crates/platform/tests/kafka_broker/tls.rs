//! A broker that is reached by TLS is believed by its authority and its name. What ends TLS here stands before the broker.

use std::{path::Path, time::Duration};

use contracts::{OrderId, Service, Timestamp};
use platform::{
    Clock,
    messaging::{Envelope, connect},
};
use testkit::{
    eventually,
    servers::{Authority, Kafka},
};
use tokio::time::timeout;

use super::{connected, world::placed};

/// The URL by which the broker behind `port` of `host` is believed if `authority` vouches for it.
fn url(host: &str, port: u16, authority: &Path) -> String {
    format!("kafkas://{host}:{port}/?partitions=2&replication=1&cacertfile={}", authority.display())
}

/// Why the broker at `url` is not talked to.
async fn refused(url: &str) -> String {
    let broker = connect(url, &Clock::system()).unwrap();
    eventually("the broker is refused", || async {
        let error = broker.check().await.err()?;
        (error.0 != "not connected yet").then_some(error.0)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_is_believed_by_its_authority_and_its_name() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("ours.pem"), ours.pem()).unwrap();
    std::fs::write(file("theirs.pem"), theirs.pem()).unwrap();
    let (_kafka, front) = Kafka::start_behind_tls(folder.path(), &ours.issue(&["127.0.0.1"])).await.unwrap();

    let broker = connected(&url("127.0.0.1", front.port(), &file("ours.pem"))).await;
    let mut deliveries = broker.subscribe(Service::Products, 1).await.unwrap();
    let sent = Envelope::seal(&placed(OrderId::new(), 1), Timestamp::now());
    broker.publish(&sent).await.unwrap();
    let delivery = timeout(Duration::from_secs(20), deliveries.recv()).await.unwrap().unwrap();
    assert_eq!(delivery.envelope.id, sent.id);
    delivery.settle();

    let said = refused(&url("127.0.0.1", front.port(), &file("theirs.pem"))).await;
    assert!(said.contains("certificate"), "{said}");
    let said = refused(&url("localhost", front.port(), &file("ours.pem"))).await;
    assert!(said.contains("certificate"), "{said}");
}
