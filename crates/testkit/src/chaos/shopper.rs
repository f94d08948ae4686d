//! Shoppers who do as a good client would: what they do not know the outcome of they repeat with the same key, and what they
//! were told they remember.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use contracts::{OrderId, rpc::OrderView};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;
use uuid::Uuid;

use super::{
    caller::Caller,
    log::{Kind, Outcome},
};
use crate::{people::Shopper, views::Product};

/// What a shopper rests between two purchases.
const REST_MS: std::ops::Range<u64> = 5..60;

/// How the payment provider behaves: mostly well.
const TOKENS: [&str; 9] = [
    "tok_ok",
    "tok_ok",
    "tok_declined",
    "tok_ok",
    "tok_error_once",
    "tok_slow",
    "tok_ok",
    "tok_timeout_after_charge",
    "tok_ok",
];

/// What can be bought.
#[derive(Clone, Debug)]
pub struct Goods {
    /// Of these there is enough for everybody.
    pub plenty: Vec<Product>,
    /// Of this one there are a few.
    pub scarce: Product,
}

/// What a shopper tried to buy, and what they were told.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// Which of the shoppers.
    pub shopper: usize,
    /// The key of the order.
    pub key: String,
    /// How it was to be paid.
    pub token: &'static str,
    /// What was put into the cart.
    pub product: Product,
    /// How much of it.
    pub quantity: u32,
    /// What was said to the order.
    pub told: Told,
    /// Whether the shopper was told that it is cancelled.
    pub cancelled: bool,
}

/// What a shopper was told about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It was accepted.
    Accepted(OrderId),
    /// It was refused with this status, though the cart had been filled.
    Refused(u16),
    /// Nothing, however often they asked.
    Nothing,
}

/// A shopper at work.
pub struct Shopping<'a> {
    /// Who.
    pub shopper: &'a Shopper,
    /// How they call.
    pub caller: Caller<'a>,
    /// What there is.
    pub goods: &'a Goods,
    /// Whether it is time to go home.
    pub closing: &'a AtomicBool,
}

impl Shopping<'_> {
    /// Buys one thing after the other, as `seed` says, until it is time to go home.
    pub async fn run(&self, seed: u64) -> Vec<Purchase> {
        let mut random = StdRng::seed_from_u64(seed);
        let mut purchases = Vec::new();
        while !self.closing.load(Relaxed) {
            purchases.extend(self.buy(&mut random).await);
            sleep(Duration::from_millis(random.random_range(REST_MS))).await;
        }
        purchases
    }

    /// One purchase, if the cart could be filled.
    async fn buy(&self, random: &mut StdRng) -> Option<Purchase> {
        let scarce = random.random_ratio(1, 4);
        let product = if scarce {
            self.goods.scarce.clone()
        } else {
            self.goods.plenty[random.random_range(0..self.goods.plenty.len())].clone()
        };
        let quantity = if scarce { 1 } else { random.random_range(1..4) };
        let token = TOKENS[random.random_range(0..TOKENS.len())];
        let cancels = random.random_ratio(1, 8);
        let (fill_key, key) = (key(random), key(random));

        let client = &self.shopper.client;
        let path = format!("/products/{}", product.id);
        self.caller.once(Kind::Look, None, client.get(&path)).await;
        let addition = json!({ "product_id": product.id, "quantity": quantity });
        let fill = || client.post("/shopping/cart", &addition).key(&fill_key);
        if self.caller.insist(Kind::Fill, Some(&fill_key), fill).await.0 != Outcome::Ok {
            // Whatever may be in it now does not belong to the next purchase.
            self.empty().await;
            return None;
        }
        let body = Shopper::paying(token);
        let order = || client.post("/shopping/orders", &body).key(&key);
        let told = match self.caller.insist(Kind::Order, Some(&key), order).await {
            (Outcome::Ok, Some(answer)) => Told::Accepted(answer.json::<OrderView>().id),
            (Outcome::Failed(status), _) => Told::Refused(status),
            _ => Told::Nothing,
        };
        let mut purchase =
            Purchase { shopper: self.caller.number, key, token, product, quantity, told, cancelled: false };
        match told {
            Told::Accepted(id) if cancels => {
                let path = format!("/shopping/orders/{id}/cancel");
                let cancel = || client.call(Method::POST, &path);
                purchase.cancelled = self.caller.insist(Kind::Cancel, None, cancel).await.0 == Outcome::Ok;
            }
            Told::Accepted(_) => {}
            Told::Refused(_) | Told::Nothing => self.empty().await,
        }
        Some(purchase)
    }

    async fn empty(&self) {
        self.caller.insist(Kind::Empty, None, || self.shopper.client.delete("/shopping/cart")).await;
    }
}

/// A key that is the same for the same seed.
fn key(random: &mut StdRng) -> String {
    Uuid::from_u128(random.random()).to_string()
}
