//! What the checker says to a shop that is right, and to one in which a single thing is wrong.

use contracts::{
    Currency, Money, ProductId, Timestamp,
    rpc::{CartItem, OrderStatus, PricedProduct},
};

use super::*;
use crate::views::PaymentStep;

fn product(stock: u32) -> Product {
    Product {
        id: ProductId::new(),
        name: "Cup".to_owned(),
        description: String::new(),
        category: "kitchen".to_owned(),
        price: Money::new(500, Currency::EUR),
        stock,
        in_stock: stock > 0,
        image_url: None,
        archived_at: None,
    }
}

fn order(product: &Product, quantity: u32, status: OrderStatus) -> OrderView {
    let total = Money::new(product.price.amount * i64::from(quantity), Currency::EUR);
    let priced = PricedProduct { id: product.id, name: product.name.clone(), price: product.price };
    let now = Timestamp::from_micros(0);
    OrderView {
        id: OrderId::new(),
        customer_id: None,
        status,
        reason: None,
        items: vec![CartItem { product: priced, quantity, subtotal: total, in_stock: None }],
        total,
        captured: false,
        refund_requested: false,
        address: None,
        placed_at: now,
        updated_at: now,
    }
}

fn paid(order: &OrderView) -> Payment {
    let step = |outcome: &str| PaymentStep { operation: "authorise".to_owned(), outcome: outcome.to_owned() };
    Payment {
        order_id: order.id,
        status: "captured".to_owned(),
        amount: Some(order.total),
        captured: Some(order.total),
        refunded: Some(Money::new(0, Currency::EUR)),
        history: vec![step("held"), step("captured")],
    }
}

/// One shopper, who bought two cups of ten, which were sent off, and had one more order declined.
fn right() -> Facts {
    let cup = product(10);
    let (bought, declined) = (order(&cup, 2, Shipped), order(&cup, 1, OrderStatus::Declined));
    let purchase = |order: &OrderView, token, quantity| Purchase {
        shopper: 0,
        key: order.id.to_string(),
        token,
        product: cup.clone(),
        quantity,
        told: Told::Accepted(order.id),
        cancelled: false,
    };
    let purchases = vec![purchase(&bought, "tok_ok", 2), purchase(&declined, "tok_declined", 1)];
    Facts {
        replays: purchases.iter().map(|purchase| purchase.told).collect(),
        purchases,
        treated: vec![Treated { order: bought.id, how: Treatment::Ship, captured: true }],
        payments: HashMap::from([(bought.id, paid(&bought))]),
        orders: vec![vec![bought, declined]],
        stock: vec![(cup.clone(), Product { stock: 8, ..cup })],
    }
}

/// Which promises are broken once `wrong` was done.
fn broken(wrong: impl FnOnce(&mut Facts)) -> Vec<String> {
    let mut facts = right();
    wrong(&mut facts);
    check(&facts).into_iter().filter(|verdict| !verdict.holds()).map(|verdict| verdict.name).collect()
}

#[test]
fn a_shop_that_is_right_is_found_to_be_so_and_everything_was_looked_at() {
    let verdicts = check(&right());
    assert!(verdicts.iter().all(|verdict| verdict.holds() && verdict.checked > 0), "{verdicts:#?}");
}

#[test]
fn a_lost_order_is_found() {
    let lost = broken(|facts| {
        // Nothing else may be wrong: it was not paid for either.
        facts.orders[0].remove(1);
    });
    assert_eq!(lost, ["acknowledged_orders_exist"]);
}

#[test]
fn an_order_that_never_ends_is_found() {
    let stuck = broken(|facts| facts.orders[0][1].status = OrderStatus::Pending);
    assert_eq!(stuck, ["acknowledged_orders_exist"]);
}

#[test]
fn a_call_whose_outcome_never_becomes_known_is_found() {
    let unknown = broken(|facts| facts.purchases[1].told = Told::Nothing);
    assert_eq!(unknown, ["unknown_becomes_known", "keys_answer_once"]);
}

#[test]
fn an_order_that_nobody_was_told_of_is_found() {
    let doubled = broken(|facts| {
        let second = order(&facts.stock[0].0, 1, OrderStatus::Rejected);
        facts.orders[0].push(second);
    });
    assert_eq!(doubled, ["keys_answer_once"]);
}

#[test]
fn a_key_that_is_answered_in_another_way_is_found() {
    let refused = broken(|facts| facts.replays[0] = Told::Refused(409));
    assert_eq!(refused, ["keys_answer_once"]);
    let doubled = broken(|facts| facts.purchases[1].quantity = 2);
    assert_eq!(doubled, ["keys_answer_once"], "what was put in once is there once");
}

#[test]
fn money_that_is_not_owed_or_not_taken_is_found() {
    let taken_twice = broken(|facts| {
        let payment = facts.payments.values_mut().next().unwrap();
        payment.history.push(PaymentStep { operation: "capture".into(), outcome: "captured".into() });
    });
    assert_eq!(taken_twice, ["money_is_what_is_owed"]);
    assert_eq!(broken(|facts| facts.payments.clear()), ["money_is_what_is_owed"]);
    let kept = broken(|facts| {
        let declined = facts.orders[0][1].clone();
        facts.payments.insert(declined.id, paid(&declined));
    });
    assert_eq!(kept, ["money_is_what_is_owed"]);
    let dear = broken(|facts| {
        // Taken as it is owed, but nobody is to owe that.
        let order = &mut facts.orders[0][0];
        order.total.amount += 1;
        let id = order.id;
        facts.payments.get_mut(&id).unwrap().captured.as_mut().unwrap().amount += 1;
    });
    assert_eq!(dear, ["money_is_what_is_owed"]);
}

#[test]
fn what_is_sold_and_was_not_there_is_found() {
    let oversold = broken(|facts| {
        facts.stock[0].0.stock = 1;
        facts.stock[0].1.stock = 0;
    });
    assert_eq!(oversold, ["units_sold_once"]);
    assert_eq!(broken(|facts| facts.stock[0].1.stock = 7), ["units_sold_once"], "a piece is gone");
}

#[test]
fn what_staff_were_told_and_is_not_so_is_found() {
    for how in [Treatment::Deliver, Treatment::Refund, Treatment::CallOff] {
        assert_eq!(broken(|facts| facts.treated[0].how = how), ["staff_are_obeyed"], "{how:?}");
    }
    assert_eq!(broken(|facts| facts.treated[0].order = OrderId::new()), ["staff_are_obeyed"]);
    assert_eq!(broken(|facts| facts.treated[0].captured = false), ["staff_are_obeyed"]);
    let undone = broken(|facts| facts.orders[0][0].status = Confirmed);
    assert_eq!(undone, ["staff_are_obeyed"]);
}

#[test]
fn an_order_that_ends_otherwise_than_its_client_was_told_is_found() {
    assert_eq!(broken(|facts| facts.purchases[0].cancelled = true), ["orders_end_as_told"]);
    assert_eq!(broken(|facts| facts.purchases[0].token = "tok_declined"), ["orders_end_as_told"]);
}
