//! More instances, while there is load: they are started and named to the gateway, and that is all there is to it.

use std::{cell::RefCell, collections::BTreeSet};

use contracts::Service;
use futures::future::join_all;
use serde_json::Value;
use testkit::eventually;

use crate::{Shop, load::Load};

#[tokio::test]
async fn an_instance_more_of_each_service_takes_its_share() {
    let mut shop = Shop::open().await;
    let (load, client) = (Load::on(&shop).await, shop.client());
    let share = async |service: Service| {
        let answered = RefCell::new(BTreeSet::new());
        let expected: BTreeSet<_> = (1..=3).map(|number| format!("{service}-{number}")).collect();
        eventually(&format!("three instances of {service} to answer"), || async {
            let answer = client.get(&format!("/{service}/whoami")).attempt().await.ok()?;
            let who: Value = answer.expect(200).json();
            answered.borrow_mut().insert(who["instance"].as_str().expect("a name").to_owned());
            (*answered.borrow() == expected).then_some(())
        })
        .await;
    };
    let adding = async {
        load.goes_on(20).await;
        for service in Service::ALL {
            shop.stack.add_instance(service).await.expect("another instance");
        }
        join_all(Service::ALL.into_iter().map(&share)).await;
        load.goes_on(20).await;
        load.close();
    };
    let (orders, ()) = tokio::join!(load.run(), adding);
    // To name them to nginx is a reload, which closes idle connections, also under a request that is just being sent: that one has
    // no answer, and is sent again (deploy/gateway/README.md). No other fails.
    let failures = load.failures();
    assert!(failures.keys().all(|status| *status == 0), "failed requests by status: {failures:?}");
    load.expect_all_kept(&shop, &orders).await;
}
