//! A container that is gone from one moment to the next.

use std::time::Duration;

use testkit::within;

use crate::{Shop, load::Load};

/// How long Docker and the service take to be there again.
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_killed_container_comes_back_by_itself_and_nothing_is_lost() {
    let shop = Shop::find().await;
    let load = Load::on(&shop).await;
    let killing = async {
        for service in ["shopping", "payment"] {
            load.goes_on(20).await;
            let container = shop.stack.containers(service).await.remove(0);
            let restarts = shop.stack.inspect(&container, "{{.RestartCount}}").await;
            shop.stack.kill_9(&container).await;
            within(LIMIT, "the container to be started again and healthy", || async {
                let state = "{{.RestartCount}} {{.State.Health.Status}}";
                let state = shop.stack.inspect(&container, state).await;
                (state.ends_with(" healthy") && !state.starts_with(&format!("{restarts} "))).then_some(())
            })
            .await;
        }
        load.goes_on(20).await;
        load.close();
    };
    let (orders, ()) = tokio::join!(load.run(), killing);
    load.expect_all_kept(&shop, &orders).await;
}
