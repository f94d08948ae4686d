//! An upgrade, and the way back: every container is replaced by one of another version, and nobody notices.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use contracts::Service;

use crate::{Shop, load::Load};

/// How long the containers of a version that cannot work are waited for: longer than they take to answer.
const IN_VAIN: Duration = Duration::from_secs(25);

#[tokio::test]
async fn another_version_comes_and_goes_without_a_failed_request() {
    let shop = Shop::find().await;
    shop.stack.scale(Service::Customer, 2).await;
    let load = Load::on(&shop).await;
    let rolling = async {
        load.goes_on(20).await;
        for version in ["two", "one"] {
            shop.stack.roll(version).await;
            expect_all_of(&shop, version).await;
        }
        load.goes_on(20).await;
        load.close();
    };
    let (orders, ()) = tokio::join!(load.run(), rolling);
    assert_eq!(load.failures(), BTreeMap::new(), "failed requests by status");
    load.expect_all_kept(&shop, &orders).await;
    shop.stack.scale(Service::Customer, 1).await;
}

/// Its shopping answers, and never reaches the broker: payment and products are replaced, and then it ends.
#[tokio::test]
async fn a_version_that_stays_unhealthy_harms_nobody() {
    let shop = Shop::find().await;
    shop.stack.scale(Service::Shopping, 2).await;
    let load = Load::on(&shop).await;
    let rolling = async {
        load.goes_on(20).await;
        shop.stack.fail_to_roll("sick", IN_VAIN).await;
        for (service, version, count) in
            [("payment", "sick", 1), ("shopping", "one", 2), ("customer", "one", 1)]
        {
            assert_eq!(shop.stack.versions(service).await, BTreeSet::from([version.to_owned()]), "{service}");
            assert_eq!(shop.stack.containers(service).await.len(), count, "{service}");
        }
        assert_eq!(shop.stack.drained().await, BTreeSet::new());
        load.goes_on(20).await;
        shop.stack.roll("one").await;
        expect_all_of(&shop, "one").await;
        load.close();
    };
    let (orders, ()) = tokio::join!(load.run(), rolling);
    assert_eq!(load.failures(), BTreeMap::new(), "failed requests by status");
    load.expect_all_kept(&shop, &orders).await;
    shop.stack.scale(Service::Shopping, 1).await;
}

/// Once when new containers have come up, once when nginx has gone over to them, and once when the old ones are gone.
#[tokio::test]
async fn a_roll_that_was_cut_off_is_repaired_by_the_next() {
    let shop = Shop::find().await;
    let load = Load::on(&shop).await;
    let rolling = async {
        load.goes_on(20).await;
        let colour = shop.stack.colour("payment").await;
        let came_up = async || shop.stack.containers("payment").await.len() == 2;
        shop.stack.roll_until("two", "another payment", came_up).await;
        load.goes_on(20).await;
        // Each service in turn leaves the colour out that all of them have had.
        let gone_over = async || {
            let drained = shop.stack.drained().await;
            drained.iter().any(|name| name.ends_with(&colour))
        };
        shop.stack.roll_until("two", "nginx to go over", gone_over).await;
        load.goes_on(20).await;
        shop.stack.roll("two").await;
        expect_all_of(&shop, "two").await;
        // The moment between the last container's end and the file's is too short to be met.
        for service in Service::ALL {
            shop.stack.drain(&format!("{service}-{colour}")).await;
        }
        load.goes_on(20).await;
        shop.stack.roll("one").await;
        expect_all_of(&shop, "one").await;
        load.goes_on(20).await;
        load.close();
    };
    let (orders, ()) = tokio::join!(load.run(), rolling);
    assert_eq!(load.failures(), BTreeMap::new(), "failed requests by status");
    load.expect_all_kept(&shop, &orders).await;
}

#[tokio::test]
async fn a_roll_gives_nginx_what_is_new_for_it() {
    let shop = Shop::find().await;
    let line = "# Something new.";
    let before = shop.stack.append_to_gateway("logging.conf", line);
    shop.stack.roll("one").await;
    let gateway = shop.stack.containers("gateway").await.remove(0);
    assert!(shop.stack.exec(&gateway, &["grep", "-qxF", line, "/run/gateway/logging.conf"]).await);
    shop.client().get("/products/health/ready").await.expect(200);
    // What it could not take it is not given, and goes on with what it has.
    shop.stack.append_to_gateway("logging.conf", "nonsense;");
    shop.stack.fail_to_roll("one", IN_VAIN).await;
    shop.client().get("/products/health/ready").await.expect(200);
    assert!(!shop.stack.exec(&gateway, &["grep", "-q", "nonsense", "/run/gateway/logging.conf"]).await);
    shop.stack.write_gateway("logging.conf", &before);
    shop.stack.roll("one").await;
}

/// That every container is of `version`, and nginx leaves none out.
async fn expect_all_of(shop: &Shop, version: &str) {
    for service in Service::ALL {
        let versions = shop.stack.versions(service.name()).await;
        assert_eq!(versions, BTreeSet::from([version.to_owned()]), "{service}");
    }
    assert_eq!(shop.stack.drained().await, BTreeSet::new());
}
