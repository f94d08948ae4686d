//! Whatever the shop was doing when the power went: what it had acknowledged comes to its end, once.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use contracts::{
    OrderId,
    rpc::{
        OrderStatus::{Confirmed, Declined},
        OrderView,
    },
};
use futures::future::join_all;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;
use testkit::{
    Answer, ProductBody, Shop, Shopper,
    bodies::fresh_key,
    client::Call,
    eventually,
    views::{Page, Product},
    within,
};

use crate::shop;

const ROUNDS: usize = 10;
const SHOPPERS: usize = 6;

/// An order that was acknowledged.
struct Acknowledged {
    token: &'static str,
    key: String,
    id: OrderId,
}

#[tokio::test]
async fn no_order_is_lost_or_doubled_however_often_the_shop_is_killed() {
    let seed =
        std::env::var("MERCATO_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("the seed is {seed}: MERCATO_SEED={seed} draws the same moments again");
    let mut random = StdRng::seed_from_u64(seed);
    let mut shop = shop().await;
    let staff = shop.staff().await;
    let cup = staff.add(&ProductBody::named("Cup").stock(1_000_000)).await;
    let shoppers = join_all((0..SHOPPERS).map(|_| Shopper::sign_up(&shop))).await;

    let (closing, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let load = join_all(shoppers.iter().map(|shopper| keep_buying(shopper, &cup, &closing, &acknowledged)));
    let killing = async {
        for _ in 0..ROUNDS {
            kill_at_some_moment(&mut shop, &mut random, &acknowledged).await;
        }
        closing.store(true, Relaxed);
    };
    let (orders, ()) = tokio::join!(load, killing);

    for (shopper, orders) in shoppers.iter().zip(&orders) {
        for order in orders {
            let expected = if order.token == "tok_declined" { Declined } else { Confirmed };
            assert_eq!(
                shopper.order_ends(order.id).await.status,
                expected,
                "{} by {}",
                order.id,
                order.token
            );
            let again = shopper.try_to_order(&Shopper::paying(order.token), &order.key).await.expect(202);
            assert_eq!(again.json::<OrderView>().id, order.id, "the same key is the same order");
        }
        assert_eq!(count_orders(shopper).await, orders.len(), "an order for each key, and no other");
    }
    let sold = orders.iter().flatten().filter(|order| order.token != "tok_declined").count();
    eventually("the stock to be what was not sold", || async {
        (staff.product(cup.id).await.stock as usize + sold == 1_000_000).then_some(())
    })
    .await;
    let total: usize = orders.iter().map(Vec::len).sum();
    eprintln!("{total} orders, {sold} sold, {ROUNDS} kills");
    assert!(total > ROUNDS, "only {total} orders were placed: the shop was never under load");
    // A capture that was cut off is asked for again within some seconds.
    within(Duration::from_secs(60), "the audit to find nothing", || async {
        (shop.audit().await.code == Some(0)).then_some(())
    })
    .await;
    shop.audit().await.expect_clean();
}

/// Lets some orders be acknowledged, and kills the shop up to 60 ms after: in the middle of a checkout. Now and then it
/// is killed again while it starts.
async fn kill_at_some_moment(shop: &mut Shop, random: &mut StdRng, acknowledged: &AtomicUsize) {
    let enough = acknowledged.load(Relaxed) + random.random_range(1..12);
    eventually("orders to be acknowledged", || async {
        (acknowledged.load(Relaxed) >= enough).then_some(())
    })
    .await;
    // Not to wait for anything: the moment is what is tested.
    tokio::time::sleep(Duration::from_micros(random.random_range(0..60_000))).await;
    shop.kill_9();
    if random.random_ratio(1, 3) {
        shop.start_and_kill_9_after(Duration::from_millis(random.random_range(0..400))).await;
    }
    shop.restart().await;
}

/// Buys one cup after the other. What got no answer is sent again with the same key until it has one.
async fn keep_buying(
    shopper: &Shopper,
    cup: &Product,
    closing: &AtomicBool,
    acknowledged: &AtomicUsize,
) -> Vec<Acknowledged> {
    let tokens = ["tok_ok", "tok_ok", "tok_declined", "tok_ok", "tok_error_once", "tok_ok", "tok_slow"];
    let mut orders = Vec::new();
    for token in tokens.into_iter().cycle() {
        if closing.load(Relaxed) {
            break;
        }
        let (addition, key) = (json!({ "product_id": cup.id, "quantity": 1 }), fresh_key());
        insist(|| shopper.client.post("/shopping/cart", &addition).key(&key)).await.expect(200);
        let (body, key) = (Shopper::paying(token), fresh_key());
        let placed = insist(|| shopper.client.post("/shopping/orders", &body).key(&key)).await.expect(202);
        orders.push(Acknowledged { token, key, id: placed.json::<OrderView>().id });
        acknowledged.fetch_add(1, Relaxed);
    }
    orders
}

async fn insist(call: impl Fn() -> Call) -> Answer {
    eventually("an answer", || async { call().attempt().await.ok().filter(|answer| answer.status() < 500) })
        .await
}

async fn count_orders(shopper: &Shopper) -> usize {
    let (mut count, mut path) = (0, "/shopping/orders?limit=100".to_owned());
    loop {
        let page: Page<OrderView> = shopper.client.get(&path).await.expect(200).json();
        count += page.items.len();
        let Some(next) = page.next else { return count };
        path = format!("/shopping/orders?limit=100&after={next}");
    }
}
