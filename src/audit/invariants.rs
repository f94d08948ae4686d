//! The promises, and how each is checked.

use std::collections::BTreeMap;

use contracts::{
    Service,
    rpc::OrderStatus::{self, Confirmed, Delivered, Refunded, Shipped},
};
use products::store::LiveStatus;

use super::{Facts, Invariant, Report, Waiting};

/// Checks every invariant against `facts`.
pub fn check(facts: &Facts) -> Report {
    let invariants = vec![
        orders_end(facts),
        stock_adds_up(facts),
        stock_not_negative(facts),
        one_charge_an_order(facts),
        charges_are_owed(facts),
        books_agree(facts),
        captures_are_known(facts),
        one_order_a_key(facts),
        reservations_have_orders(facts),
        sold_orders_have_stock(facts),
        applied_once(facts),
        outboxes_drained(facts),
    ];
    let mut orders = BTreeMap::new();
    for order in facts.orders.values() {
        *orders.entry(order.status.as_str()).or_insert(0) += 1;
    }
    Report {
        holds: invariants.iter().all(Invariant::holds),
        invariants,
        orders,
        dead_letters: facts.dead_letters,
    }
}

/// Whether an order in `status` was sold, whatever came after.
const fn was_sold(status: OrderStatus) -> bool {
    matches!(status, Confirmed | Shipped | Delivered | Refunded)
}

fn orders_end(facts: &Facts) -> Invariant {
    let mut invariant = Invariant::new("orders_end", "every accepted order ends");
    for order in facts.orders.values() {
        invariant.case(order.id, order.is_settled(), || format!("{} is {}", order.id, order.status.as_str()));
    }
    invariant
}

fn stock_adds_up(facts: &Facts) -> Invariant {
    let stock = &facts.stock;
    let differing = stock.received_differs + stock.sold_differs + stock.reserved_differs;
    Invariant::new("stock_adds_up", "on hand is received less sold, and available is on hand less reserved")
        .counted(stock.products, differing)
}

fn stock_not_negative(facts: &Facts) -> Invariant {
    Invariant::new("stock_not_negative", "no stock is below zero")
        .counted(facts.stock.products, facts.stock.below_zero)
}

fn one_charge_an_order(facts: &Facts) -> Invariant {
    let mut invariant = Invariant::new(
        "one_charge_an_order",
        "at most one charge an order, and exactly one if it was confirmed",
    );
    for account in facts.ledger.values() {
        let once = account.holds <= 1 && account.captures <= 1;
        invariant.case(account.order_id, once, || {
            format!("{} was held {} and captured {} times", account.order_id, account.holds, account.captures)
        });
    }
    for order in facts.orders.values().filter(|order| was_sold(order.status)) {
        let account = facts.ledger.get(&order.id);
        let charged = account.is_some_and(|account| account.holds == 1 && !account.voided);
        invariant
            .case(order.id, charged, || format!("{} is {} and not charged", order.id, order.status.as_str()));
    }
    invariant
}

fn charges_are_owed(facts: &Facts) -> Invariant {
    let mut invariant = Invariant::new(
        "charges_are_owed",
        "captured less refunded is what is owed, and nothing else is held",
    );
    for account in facts.ledger.values() {
        let order = facts.orders.get(&account.order_id);
        let owed = match order {
            Some(order)
                if matches!(order.status, Confirmed | Shipped | Delivered) && !order.refund_requested =>
            {
                order.total.amount
            }
            _ => 0,
        };
        let kept = account.captured - account.refunded;
        let held = account.holds > 0 && account.captures == 0 && !account.voided;
        invariant.case(account.order_id, kept == owed && !held, || {
            let held = if held { ", and still holds the rest" } else { "" };
            format!("{} kept {kept} and is owed {owed}{held}", account.order_id)
        });
    }
    invariant
}

fn books_agree(facts: &Facts) -> Invariant {
    let mut invariant = Invariant::new("books_agree", "payment's own books are what the provider did");
    for payment in facts.payments.values() {
        let account = facts.ledger.get(&payment.order_id);
        let (captured, refunded) = account.map_or((0, 0), |account| (account.captured, account.refunded));
        let agree = (payment.captured, payment.refunded) == (captured, refunded);
        invariant.case(payment.order_id, agree, || {
            format!(
                "{}: {} captured and {} refunded here, {captured} and {refunded} there",
                payment.order_id, payment.captured, payment.refunded
            )
        });
    }
    for account in facts.ledger.values().filter(|account| account.holds > 0) {
        invariant.case(account.order_id, facts.payments.contains_key(&account.order_id), || {
            format!("{} was held at the provider and is not known here", account.order_id)
        });
    }
    invariant
}

fn captures_are_known(facts: &Facts) -> Invariant {
    let mut invariant = Invariant::new(
        "captures_are_known",
        "an order that was sold says that it is captured if it is, and nothing is shipped before",
    );
    for order in facts.orders.values().filter(|order| was_sold(order.status)) {
        let captured = facts.ledger.get(&order.id).is_some_and(|account| account.captures > 0);
        let shown = order.captured == captured && (captured || order.status == Confirmed);
        invariant.case(order.id, shown, || {
            let (status, says) = (order.status.as_str(), order.captured);
            format!("{} is {status}, captured: {captured}, and says so: {says}", order.id)
        });
    }
    invariant
}

fn one_order_a_key(facts: &Facts) -> Invariant {
    let audit = facts.order_audit;
    Invariant::new("one_order_a_key", "one order for each idempotency key")
        .counted(audit.keys, audit.keys_without_order + audit.orders_with_two_keys)
}

fn reservations_have_orders(facts: &Facts) -> Invariant {
    let mut invariant = Invariant::new("reservations_have_orders", "no reservation without a live order");
    for reservation in facts.reservations.values() {
        let order = facts.orders.get(&reservation.order_id);
        let alive = order.is_some_and(|order| match reservation.status {
            LiveStatus::Held => !order.is_settled(),
            LiveStatus::Sold => was_sold(order.status) || order.status == OrderStatus::Authorised,
        });
        invariant.case(reservation.order_id, alive, || {
            let status = order.map_or("not known", |order| order.status.as_str());
            format!("{} is {status} and has stock {:?}", reservation.order_id, reservation.status)
        });
    }
    invariant
}

fn sold_orders_have_stock(facts: &Facts) -> Invariant {
    let mut invariant = Invariant::new("sold_orders_have_stock", "every confirmed order was given its stock");
    for order in facts.orders.values().filter(|order| was_sold(order.status)) {
        let reservation = facts.reservations.get(&order.id);
        let sold = reservation.is_some_and(|reservation| reservation.status == LiveStatus::Sold);
        invariant.case(order.id, sold, || {
            format!("{} is {} and its stock is not sold", order.id, order.status.as_str())
        });
    }
    invariant
}

fn applied_once(facts: &Facts) -> Invariant {
    let orders = facts.orders.len() as u64;
    Invariant::new(
        "applied_once",
        "each message is applied once by each consumer: no order takes a step twice",
    )
    .counted(orders, facts.order_audit.repeated_steps)
}

fn outboxes_drained(facts: &Facts) -> Invariant {
    let mut invariant = Invariant::new("outboxes_drained", "every event was published");
    for service in Service::ALL {
        match facts.outbox.get(&service) {
            None => invariant.case(service, true, String::new),
            Some(Waiting { oldest, events }) => {
                invariant.case(oldest, false, || {
                    format!("{events} events of {service} wait, {oldest} the longest")
                });
            }
        }
    }
    invariant
}

#[cfg(test)]
mod tests;
