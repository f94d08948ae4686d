//! The checker: what clients were told, against what the shop says once it is quiet.

use std::collections::{BTreeMap, HashMap};

use contracts::{
    OrderId,
    rpc::{
        CartItem,
        OrderStatus::{Cancelled, Confirmed, Delivered, Refunded, Shipped},
        OrderView,
    },
};
use futures::{StreamExt as _, stream};

use super::{
    clerk::{Treated, Treatment},
    shopper::{Goods, Purchase, Told},
    verdict::{By, Verdict},
};
use crate::{
    client::Answer,
    people::{Shopper, Staff},
    views::{Page, Payment, Product},
};

/// Questions that are asked at the same time.
const AT_ONCE: usize = 8;

/// What clients know, and what the shop says.
pub struct Facts {
    /// What everybody tried to buy.
    pub purchases: Vec<Purchase>,
    /// What the clerk was told is done.
    pub treated: Vec<Treated>,
    /// What each order's key is answered now, in the order of the purchases.
    pub replays: Vec<Told>,
    /// The orders that each shopper has, by shopper.
    pub orders: Vec<Vec<OrderView>>,
    /// The payment of each order.
    pub payments: HashMap<OrderId, Payment>,
    /// What there was in the beginning, and what is left now.
    pub stock: Vec<(Product, Product)>,
}

impl Facts {
    /// Asks the shop about everything. Whatever it is asked is repeated by nobody: it has to be quiet and well by now.
    ///
    /// # Panics
    /// If it is not.
    pub async fn gather(
        staff: &Staff,
        shoppers: &[Shopper],
        goods: &Goods,
        purchases: Vec<Purchase>,
        treated: Vec<Treated>,
    ) -> Self {
        let orders = stream::iter(shoppers).map(orders_of).buffered(AT_ONCE).collect::<Vec<_>>().await;
        let ids: Vec<OrderId> = orders.iter().flatten().map(|order| order.id).collect();
        let payments = stream::iter(ids).map(|id| async move { Some((id, staff.payment(id).await?)) });
        let payments = payments.buffer_unordered(AT_ONCE).filter_map(|found| async { found }).collect().await;
        let stock = stream::iter(goods.plenty.iter().chain([&goods.scarce]));
        let stock =
            stock.then(|before| async { (before.clone(), staff.product(before.id).await) }).collect().await;
        // Last: where a key is worth nothing, this makes an order.
        let replays = stream::iter(&purchases).map(|it| replay(&shoppers[it.shopper], it)).buffered(AT_ONCE);
        let replays = replays.collect().await;
        Self { purchases, treated, replays, orders, payments, stock }
    }
}

async fn orders_of(shopper: &Shopper) -> Vec<OrderView> {
    let (mut orders, mut path) = (Vec::new(), "/shopping/orders?limit=100".to_owned());
    loop {
        let page: Page<OrderView> = shopper.client.get(&path).await.expect(200).json();
        orders.extend(page.items);
        let Some(next) = page.next else { return orders };
        path = format!("/shopping/orders?limit=100&after={next}");
    }
}

async fn replay(shopper: &Shopper, purchase: &Purchase) -> Told {
    let answer: Answer = shopper.try_to_order(&Shopper::paying(purchase.token), &purchase.key).await;
    match answer.status() {
        202 => Told::Accepted(answer.json::<OrderView>().id),
        status => Told::Refused(status),
    }
}

/// Judges `facts`.
#[must_use]
pub fn check(facts: &Facts) -> Vec<Verdict> {
    vec![
        acknowledged_orders_exist(facts),
        everything_is_known(facts),
        keys_answer_once(facts),
        orders_end_as_told(facts),
        staff_are_obeyed(facts),
        money_is_what_is_owed(facts),
        units_are_sold_once(facts),
    ]
}

/// Whether an order stands, or stood until the money went back.
fn was_sold(order: &OrderView) -> bool {
    matches!(order.status, Confirmed | Shipped | Delivered | Refunded)
}

fn accepted(facts: &Facts) -> impl Iterator<Item = (&Purchase, OrderId)> {
    facts.purchases.iter().filter_map(|purchase| match purchase.told {
        Told::Accepted(id) => Some((purchase, id)),
        Told::Refused(_) | Told::Nothing => None,
    })
}

fn acknowledged_orders_exist(facts: &Facts) -> Verdict {
    let promise = "each order that a client was told is accepted is there, once, and has ended";
    let mut verdict = Verdict::new(By::Clients, "acknowledged_orders_exist", promise);
    for (purchase, id) in accepted(facts) {
        let found: Vec<_> = facts.orders[purchase.shopper].iter().filter(|order| order.id == id).collect();
        let ended = found.iter().all(|order| order.status.is_settled());
        verdict.case(found.len() == 1 && ended, || format!("{id} by {}: {found:?}", purchase.key));
    }
    verdict
}

fn everything_is_known(facts: &Facts) -> Verdict {
    let promise = "whoever repeats a call whose outcome is unknown learns it in the end";
    let mut verdict = Verdict::new(By::Clients, "unknown_becomes_known", promise);
    for purchase in &facts.purchases {
        verdict.case(purchase.told != Told::Nothing, || format!("the order by {}", purchase.key));
    }
    verdict
}

fn keys_answer_once(facts: &Facts) -> Verdict {
    let promise =
        "what is sent again with its key is done once: an order a key, and in it what was put into the cart";
    let mut verdict = Verdict::new(By::Clients, "keys_answer_once", promise);
    let mut keys = BTreeMap::<OrderId, usize>::new();
    for (purchase, replay) in facts.purchases.iter().zip(&facts.replays) {
        let Purchase { key, told, .. } = purchase;
        verdict
            .case(matches!(told, Told::Accepted(_)), || format!("{key}: the cart was filled, and {told:?}"));
        verdict.case(told == replay, || format!("{key} was answered {told:?}, and then {replay:?}"));
        if let Told::Accepted(id) = told {
            *keys.entry(*id).or_default() += 1;
            let order = facts.orders[purchase.shopper].iter().find(|order| order.id == *id);
            let lines: Option<Vec<_>> =
                order.map(|order| order.items.iter().map(|it| (it.product.id, it.quantity)).collect());
            let wanted = vec![(purchase.product.id, purchase.quantity)];
            verdict.case(lines.as_ref().is_none_or(|it| *it == wanted), || {
                format!("{id} has {lines:?} and was to have {wanted:?}")
            });
        }
    }
    for order in facts.orders.iter().flatten() {
        let keys = keys.get(&order.id).copied().unwrap_or_default();
        verdict.case(keys == 1, || format!("{} was told to {keys} keys", order.id));
    }
    verdict
}

fn orders_end_as_told(facts: &Facts) -> Verdict {
    let promise = "a declined order is not sold, and one whose client was told that it is cancelled stays so";
    let mut verdict = Verdict::new(By::Clients, "orders_end_as_told", promise);
    for (purchase, id) in accepted(facts) {
        let Some(order) = facts.orders[purchase.shopper].iter().find(|order| order.id == id) else {
            continue;
        };
        let declined = purchase.token != "tok_declined" || !was_sold(order);
        let cancelled = !purchase.cancelled || order.status == Cancelled;
        verdict.case(declined && cancelled, || {
            format!(
                "{id} by {} is {}, cancelled: {}",
                purchase.token,
                order.status.as_str(),
                purchase.cancelled
            )
        });
    }
    verdict
}

fn staff_are_obeyed(facts: &Facts) -> Verdict {
    let promise = "what staff were told is done with an order is done: shipped once it is paid, delivered, refunded, called off";
    let mut verdict = Verdict::new(By::Clients, "staff_are_obeyed", promise);
    for Treated { order: id, how, captured } in &facts.treated {
        let order = facts.orders.iter().flatten().find(|order| order.id == *id);
        let paid = *captured || *how != Treatment::Ship;
        verdict.case(paid && order.is_some_and(|order| how.shows_in(order.status)), || {
            format!("{id} is {:?} after {how:?}, captured: {captured}", order.map(|order| order.status))
        });
    }
    verdict
}

fn money_is_what_is_owed(facts: &Facts) -> Verdict {
    let promise =
        "what was taken and not given back is what confirmed orders cost, to the cent, by one charge each";
    let mut verdict = Verdict::new(By::Clients, "money_is_what_is_owed", promise);
    let (mut kept, mut owed) = (0, 0);
    for order in facts.orders.iter().flatten() {
        let payment = facts.payments.get(&order.id);
        let refunded = payment.and_then(|it| it.refunded).map_or(0, |money| money.amount);
        let kept_here = payment.map_or(0, Payment::taken) - refunded;
        let owed_here =
            if matches!(order.status, Confirmed | Shipped | Delivered) { order.total.amount } else { 0 };
        let charges = payment.map_or(0, |payment| payment.times("captured"));
        let costs: i64 = order.items.iter().map(|item| cost(facts, item)).sum();
        verdict.case(order.total.amount == costs, || {
            format!("{} is of {} and costs {costs}", order.id, order.total.amount)
        });
        verdict.case(kept_here == owed_here && charges <= 1, || {
            format!("{} keeps {kept_here} by {charges} charges and is owed {owed_here}", order.id)
        });
        kept += kept_here;
        owed += owed_here;
    }
    verdict.case(kept == owed, || format!("{kept} are kept and {owed} owed in all"));
    verdict
}

/// What an item costs by the catalogue, whose prices stay the same.
fn cost(facts: &Facts, item: &CartItem) -> i64 {
    let product = facts.stock.iter().find(|(product, _)| product.id == item.product.id);
    product.map_or(0, |(product, _)| product.price.amount * i64::from(item.quantity))
}

fn units_are_sold_once(facts: &Facts) -> Verdict {
    let promise = "no more is sold than there was, and what is left is what was not sold";
    let mut verdict = Verdict::new(By::Clients, "units_sold_once", promise);
    for (before, after) in &facts.stock {
        let sold =
            facts.orders.iter().flatten().filter(|order| was_sold(order)).flat_map(|order| &order.items);
        let sold: u32 = sold.filter(|item| item.product.id == before.id).map(|item| item.quantity).sum();
        verdict
            .case(sold <= before.stock, || format!("{sold} of {} {} were sold", before.stock, before.name));
        let left = before.stock.saturating_sub(sold);
        verdict.case(after.stock == left, || {
            format!("{} of {} {} are left, and {sold} sold", after.stock, before.stock, before.name)
        });
    }
    verdict
}

#[cfg(test)]
mod tests;
