//! Shoppers who buy one cup after the other, while the shop is made to suffer.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};

use contracts::{
    OrderId,
    rpc::{OrderStatus::Confirmed, OrderView},
};
use futures::future::join_all;
use serde_json::json;
use testkit::{
    Answer, Client, ProductBody, Shopper, Staff, bodies::fresh_key, client::Call, eventually, views::Product,
    within,
};

use super::Shop;

const SHOPPERS: usize = 6;
const STOCK: usize = 1_000_000;
/// How long a shopper asks again for an answer: longer than any server takes to come back.
const INSISTENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Some shoppers, and what has become of their requests.
pub struct Load {
    staff: Staff,
    cup: Product,
    shoppers: Vec<Shopper>,
    closing: AtomicBool,
    acknowledged: AtomicUsize,
    /// How many requests failed, by status; 0 is no answer at all.
    failures: Mutex<BTreeMap<u16, usize>>,
}

/// The orders that each shopper was told are accepted.
pub type Acknowledged = Vec<Vec<OrderId>>;

impl Load {
    pub async fn on(shop: &Shop) -> Self {
        let (staff, client) = (shop.staff().await, shop.client());
        let stock = u32::try_from(STOCK).expect("a stock");
        let cup = staff.add(&ProductBody::named("Cup").stock(stock)).await;
        let shoppers = join_all((0..SHOPPERS).map(|_| Shopper::sign_up_at(&client))).await;
        let (closing, acknowledged, failures) = <(AtomicBool, AtomicUsize, Mutex<_>)>::default();
        Self { staff, cup, shoppers, closing, acknowledged, failures }
    }

    /// Everybody looks around and buys until [`Load::close`].
    pub async fn run(&self) -> Acknowledged {
        join_all(self.shoppers.iter().map(|shopper| self.keep_buying(shopper))).await
    }

    pub fn close(&self) {
        self.closing.store(true, Relaxed);
    }

    /// Waits until so many more orders are acknowledged.
    pub async fn goes_on(&self, orders: usize) {
        let enough = self.acknowledged.load(Relaxed) + orders;
        within(INSISTENCE, "orders to be acknowledged", || async {
            (self.acknowledged.load(Relaxed) >= enough).then_some(())
        })
        .await;
    }

    /// How many requests failed so far, by status; 0 is no answer at all.
    pub fn failures(&self) -> BTreeMap<u16, usize> {
        self.failures.lock().expect("the failures").clone()
    }

    /// That all that was acknowledged has come to its end, once, and nothing else has.
    pub async fn expect_all_kept(&self, shop: &Shop, orders: &Acknowledged) {
        for (shopper, orders) in self.shoppers.iter().zip(orders) {
            for id in orders {
                assert_eq!(shopper.order_ends(*id).await.status, Confirmed, "{id}");
            }
        }
        let sold: usize = orders.iter().map(Vec::len).sum();
        eventually("the stock to be what was not sold", || async {
            (self.staff.product(self.cup.id).await.stock as usize + sold == STOCK).then_some(())
        })
        .await;
        // A capture that was cut off is asked for again within some seconds.
        within(INSISTENCE, "the audit to find nothing", || async {
            (shop.stack.audit().await.code == Some(0)).then_some(())
        })
        .await;
        let report = shop.stack.audit().await.expect_clean();
        assert_eq!(report.orders.values().sum::<u64>(), sold as u64, "{:?}", report.orders);
        eprintln!("{sold} orders, all confirmed; failed requests by status: {:?}", self.failures());
    }

    async fn keep_buying(&self, shopper: &Shopper) -> Vec<OrderId> {
        let mut orders = Vec::new();
        while !self.closing.load(Relaxed) {
            self.look_around(&shopper.client).await;
            let (addition, key) = (json!({ "product_id": self.cup.id, "quantity": 1 }), fresh_key());
            self.insist(|| shopper.client.post("/shopping/cart", &addition).key(&key)).await.expect(200);
            let (body, key) = (Shopper::paying("tok_ok"), fresh_key());
            let placed = self.insist(|| shopper.client.post("/shopping/orders", &body).key(&key)).await;
            orders.push(placed.expect(202).json::<OrderView>().id);
            self.acknowledged.fetch_add(1, Relaxed);
        }
        orders
    }

    async fn look_around(&self, client: &Client) {
        let product = format!("/products/{}", self.cup.id);
        for path in ["/products/?limit=5", &product, "/customer/profile", "/shopping/orders?limit=5"] {
            self.insist(|| client.get(path)).await.expect(200);
        }
    }

    /// Sends what got no answer, or a server's failure, again until it has an answer.
    async fn insist(&self, call: impl Fn() -> Call) -> Answer {
        within(INSISTENCE, "an answer", || async {
            let answer = call().attempt().await.ok();
            let status = answer.as_ref().map_or(0, Answer::status);
            if answer.is_none() || status >= 500 {
                let mut failures = self.failures.lock().expect("the failures");
                let count = failures.entry(status).or_default();
                *count += 1;
                // The first of them, to tell why; a test that allows none ends before it could ask.
                if let (1..=3, Some(answer)) = (*count, &answer) {
                    eprintln!("{answer}");
                }
                return None;
            }
            answer
        })
        .await
    }
}
