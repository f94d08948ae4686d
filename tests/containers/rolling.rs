//! An upgrade, and the way back: every container is replaced by one of another version, and nobody notices.

use std::collections::{BTreeMap, BTreeSet};

use contracts::Service;

use crate::{Shop, load::Load};

#[tokio::test]
async fn another_version_comes_and_goes_without_a_failed_request() {
    let shop = Shop::find().await;
    shop.stack.scale(Service::Customer, 2).await;
    let load = Load::on(&shop).await;
    let rolling = async {
        load.goes_on(20).await;
        for version in ["two", "one"] {
            shop.stack.roll(version).await;
            for service in Service::ALL {
                let versions = shop.stack.versions(service.name()).await;
                assert_eq!(versions, BTreeSet::from([version.to_owned()]), "{service}");
            }
        }
        load.goes_on(20).await;
        load.close();
    };
    let (orders, ()) = tokio::join!(load.run(), rolling);
    assert_eq!(load.failures(), BTreeMap::new(), "failed requests by status");
    load.expect_all_kept(&shop, &orders).await;
    shop.stack.scale(Service::Customer, 1).await;
}
