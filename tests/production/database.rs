//! The database goes away for a while, and comes back.

use std::time::{Duration, Instant};

use testkit::{Client, Front, eventually};

use crate::{Shop, load::Load};

/// An outage that is longer than any retry hides.
const OUTAGE: Duration = Duration::from_secs(5);
/// How long a refusal may take: a shopper should not wait for one.
const REFUSAL_LIMIT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn while_the_database_is_away_the_shop_says_so_and_then_it_goes_on_by_itself() {
    let mut shop = Shop::open().await;
    let load = Load::on(&shop).await;
    let pids = pids(&mut shop);
    let instances: Vec<Client> =
        shop.stack.instances().iter().map(|it| Client::new(&Front::new(it.url()))).collect();
    let visitor = shop.client();
    let outage = async {
        load.goes_on(20).await;
        shop.stack.postgres().stop().await.expect("PostgreSQL ends");
        let until = Instant::now() + OUTAGE;
        expect_readiness(&instances, 503).await;
        while Instant::now() < until {
            for instance in &instances {
                instance.get("/health/live").await.expect(200);
            }
            let asked = Instant::now();
            let refused = visitor.get("/products/?limit=5").await;
            assert!(asked.elapsed() < REFUSAL_LIMIT, "refused after {:?}", asked.elapsed());
            assert!(refused.header("retry-after").is_some(), "{refused}");
            refused.problem(503);
        }
        shop.stack.postgres().restart().await.expect("PostgreSQL comes back");
        let back = Instant::now();
        expect_readiness(&instances, 200).await;
        eprintln!("every instance is ready {:?} after PostgreSQL", back.elapsed());
        load.goes_on(50).await;
        load.close();
    };
    let (orders, ()) = tokio::join!(load.run(), outage);
    let failures = load.failures();
    assert!(failures.keys().eq([&503]), "nothing but 503: {failures:?}");
    load.expect_all_kept(&shop, &orders).await;
    assert_eq!(self::pids(&mut shop), pids, "no instance was restarted");
}

async fn expect_readiness(instances: &[Client], status: u16) {
    for instance in instances {
        eventually(&format!("readiness to be {status}"), || async {
            instance.get("/health/live").await.expect(200);
            (instance.get("/health/ready").await.status() == status).then_some(())
        })
        .await;
    }
}

/// The process of each instance.
fn pids(shop: &mut Shop) -> Vec<(String, i32)> {
    let state = shop.stack.state();
    let instances =
        state.processes.into_iter().filter(|it| state.instances.iter().any(|(name, _)| *name == it.name));
    instances.map(|it| (it.name, it.identity.pid)).collect()
}
