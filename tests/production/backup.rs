//! The databases are copied while the shop runs, lost, and restored, as `docs/operations.md` says.

use std::path::Path;

use contracts::{
    Service,
    rpc::OrderStatus::{Confirmed, Reserved},
};
use testkit::{ProductBody, Shopper, servers::Postgres};
use tokio::process::Command;

use crate::Shop;

/// Shopping before payment and products: what it had not heard yet, it asks for again.
const ORDER: [Service; 4] = [Service::Customer, Service::Shopping, Service::Payment, Service::Products];

async fn run(postgres: &Postgres, program: &str, arguments: &[&str]) {
    let ran = Command::new(postgres.programs().join(program)).args(arguments).output().await.expect(program);
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// Copies all databases into `folder`, each as the role that owns it.
async fn back_up(postgres: &Postgres, folder: &Path) {
    for service in ORDER {
        let (url, file) = (postgres.url(service.name()), folder.join(format!("{service}.dump")));
        let file = file.to_str().expect("a path");
        run(postgres, "pg_dump", &["--format=custom", "--file", file, "--dbname", &url]).await;
    }
}

/// Makes all databases anew, empty but for what is in `folder`.
async fn restore(postgres: &Postgres, folder: &Path) {
    let administrator = postgres.administrator().await.expect("the administrator");
    for service in ORDER {
        for statement in [
            format!("DROP DATABASE {service} WITH (FORCE)"),
            format!("CREATE DATABASE {service} OWNER {service}"),
            format!("REVOKE ALL ON DATABASE {service} FROM PUBLIC"),
        ] {
            administrator.execute(&statement, &[]).await.expect("the statement to be done");
        }
        let (url, file) = (postgres.url(service.name()), folder.join(format!("{service}.dump")));
        let file = file.to_str().expect("a path");
        run(postgres, "pg_restore", &["--exit-on-error", "--no-owner", "--dbname", &url, file]).await;
    }
}

#[tokio::test]
async fn what_was_backed_up_is_there_after_a_restore_and_what_was_under_way_goes_on() {
    let mut shop = Shop::open().await;
    let backup = tempfile::tempdir().expect("a folder");
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up_at(&shop.client()).await);
    let cup = staff.add(&ProductBody::named("Cup").stock(100)).await;
    let done = shopper.buy(&cup, 1, "tok_ok").await.id;
    shopper.order_reaches(done, Confirmed).await;
    let under_way = shopper.buy(&cup, 1, "tok_slow").await.id;
    shopper.order_reaches(under_way, Reserved).await;
    back_up(shop.stack.postgres(), backup.path()).await;
    let later = shopper.buy(&cup, 1, "tok_ok").await.id;
    // To the last event: what still is in a queue would come to databases that know nothing of it.
    for order in [under_way, later] {
        staff.order_is_paid(order).await;
    }

    let instances: Vec<_> = shop.stack.instances().iter().map(|it| (it.service(), it.number())).collect();
    for (service, number) in &instances {
        shop.stack.instance(*service, *number).terminate().await.expect("an orderly end");
    }
    restore(shop.stack.postgres(), backup.path()).await;
    for (service, number) in &instances {
        shop.stack.instance(*service, *number).restart().await.expect("a start");
    }

    for order in [done, under_way] {
        shopper.order_reaches(order, Confirmed).await;
    }
    shopper.client.get(&format!("/shopping/orders/{later}")).await.problem(404);
    let again = shopper.buy(&cup, 1, "tok_ok").await.id;
    shopper.order_reaches(again, Confirmed).await;
    shop.stack.audit().await.expect_clean();
}
