//! An upgrade: every instance is restarted, one after the other, and nobody notices.

use std::collections::BTreeMap;

use crate::{Shop, load::Load};

#[tokio::test]
async fn every_instance_is_restarted_and_no_request_fails() {
    let mut shop = Shop::open().await;
    let load = Load::on(&shop).await;
    let rolling = async {
        load.goes_on(20).await;
        shop.stack.roll().await.expect("every instance comes back");
        load.goes_on(20).await;
        load.close();
    };
    let (orders, ()) = tokio::join!(load.run(), rolling);
    assert_eq!(load.failures(), BTreeMap::new(), "failed requests by status");
    load.expect_all_kept(&shop, &orders).await;
}
