//! A clerk who sends orders off, gives money back and calls orders off while everything breaks, and remembers what they were
//! told.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use contracts::{
    OrderId,
    rpc::{OrderStatus, OrderView},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use reqwest::Method;
use tokio::time::sleep;

use super::{
    caller::Caller,
    log::{Kind, Outcome},
};
use crate::{people::Staff, views::Page};

/// What the clerk rests between two orders.
const REST_MS: std::ops::Range<u64> = 5..80;

/// What a clerk can do with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Send it off.
    Ship,
    /// Note that it arrived.
    Deliver,
    /// Give the money back.
    Refund,
    /// Call it off.
    CallOff,
}

impl Treatment {
    const fn kind(self) -> Kind {
        match self {
            Self::Ship => Kind::Ship,
            Self::Deliver => Kind::Deliver,
            Self::Refund => Kind::Refund,
            Self::CallOff => Kind::CallOff,
        }
    }

    const fn route(self) -> &'static str {
        match self {
            Self::Ship => "ship",
            Self::Deliver => "deliver",
            Self::Refund => "refund",
            Self::CallOff => "cancel",
        }
    }

    /// Whether an order that ends as `status` was treated so.
    #[must_use]
    pub const fn shows_in(self, status: OrderStatus) -> bool {
        match self {
            Self::Ship => {
                matches!(status, OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Refunded)
            }
            Self::Deliver => matches!(status, OrderStatus::Delivered | OrderStatus::Refunded),
            Self::Refund => matches!(status, OrderStatus::Refunded),
            Self::CallOff => matches!(status, OrderStatus::Cancelled),
        }
    }
}

/// What the clerk was told is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Treated {
    /// With which order.
    pub order: OrderId,
    /// What.
    pub how: Treatment,
    /// Whether it was captured by then, as the answer has it.
    pub captured: bool,
}

/// A clerk at work.
pub struct Clerk<'a> {
    /// Who.
    pub staff: &'a Staff,
    /// How they call.
    pub caller: Caller<'a>,
    /// Whether it is time to go home.
    pub closing: &'a AtomicBool,
}

impl Clerk<'_> {
    /// Treats one of the latest orders after the other, as `seed` says, until it is time to go home.
    pub async fn run(&self, seed: u64) -> Vec<Treated> {
        let mut random = StdRng::seed_from_u64(seed);
        let mut treated = Vec::new();
        while !self.closing.load(Relaxed) {
            treated.extend(self.treat_one(&mut random).await);
            sleep(Duration::from_millis(random.random_range(REST_MS))).await;
        }
        treated
    }

    async fn treat_one(&self, random: &mut StdRng) -> Option<Treated> {
        let latest = self.staff.client.get("/shopping/orders?everyone=true&limit=50");
        let (Outcome::Ok, Some(answer)) = self.caller.once(Kind::Orders, None, latest).await else {
            return None;
        };
        let latest: Page<OrderView> = answer.json();
        if latest.items.is_empty() {
            return None;
        }
        let order = &latest.items[random.random_range(0..latest.items.len())];
        let how = choose(order, random)?;
        let path = format!("/shopping/orders/{}/{}", order.id, how.route());
        let call = || self.staff.client.call(Method::POST, &path);
        match self.caller.insist(how.kind(), None, call).await {
            (Outcome::Ok, Some(answer)) => {
                let OrderView { captured, .. } = answer.json();
                Some(Treated { order: order.id, how, captured })
            }
            _ => None,
        }
    }
}

/// What is done with `order`: mostly what brings it on its way. What it can no longer do by then is refused.
fn choose(order: &OrderView, random: &mut StdRng) -> Option<Treatment> {
    let dice = random.random_range(0..10);
    match order.status {
        OrderStatus::Pending | OrderStatus::Reserved | OrderStatus::Authorised => {
            (dice < 3).then_some(Treatment::CallOff)
        }
        OrderStatus::Confirmed if !order.captured && dice < 5 => Some(Treatment::CallOff),
        OrderStatus::Confirmed => Some(match dice {
            0 => Treatment::CallOff,
            1 | 2 => Treatment::Refund,
            _ => Treatment::Ship,
        }),
        OrderStatus::Shipped => Some(if dice == 0 { Treatment::Refund } else { Treatment::Deliver }),
        OrderStatus::Delivered => (dice == 0).then_some(Treatment::Refund),
        OrderStatus::Rejected | OrderStatus::Declined | OrderStatus::Cancelled | OrderStatus::Refunded => {
            None
        }
    }
}
