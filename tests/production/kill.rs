//! An instance that dies in the middle of what it does.

use contracts::Service;

use crate::{Shop, load::Load};

#[tokio::test]
async fn an_instance_of_each_service_is_killed_and_no_acknowledged_order_is_lost() {
    let mut shop = Shop::open().await;
    let load = Load::on(&shop).await;
    let killing = async {
        for service in Service::ALL {
            load.goes_on(20).await;
            shop.stack.instance(service, 1).kill();
            // The other one has it all to do.
            load.goes_on(20).await;
            shop.stack.instance(service, 1).restart().await.expect("it comes back");
        }
        load.close();
    };
    let (orders, ()) = tokio::join!(load.run(), killing);
    load.expect_all_kept(&shop, &orders).await;
}
