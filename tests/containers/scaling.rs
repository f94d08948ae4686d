//! More instances, by one number.

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use contracts::Service;
use serde_json::Value;
use testkit::within;

use crate::Shop;

/// How long new instances take to be ready and known.
const LIMIT: Duration = Duration::from_secs(90);

#[tokio::test]
async fn three_of_a_service_share_its_requests() {
    let shop = Shop::find().await;
    shop.stack.scale(Service::Customer, 3).await;
    let (client, seen) = (shop.client(), RefCell::new(BTreeSet::new()));
    within(LIMIT, "three instances to answer", || async {
        let answer = client.get("/customer/whoami").attempt().await.ok()?;
        let instance = answer.expect(200).json::<Value>()["instance"].as_str()?.to_owned();
        seen.borrow_mut().insert(instance);
        (seen.borrow().len() == 3).then_some(())
    })
    .await;
    shop.stack.scale(Service::Customer, 1).await;
    assert_eq!(shop.stack.containers("customer").await.len(), 1);
}
