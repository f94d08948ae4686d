//! What the audit says of books that are right, and of books in which a single thing is wrong.

use std::collections::BTreeMap;

use contracts::{Currency, CustomerId, Money, OrderId, ProductId, Service, Timestamp};
use payment::{
    domain::{Payment, Status},
    provider::sandbox::Account,
};
use products::store::{LiveReservation, StockAudit};
use shopping::{
    domain::{Order, OrderLine},
    store::OrderAudit,
};

use super::*;

const PRICE: i64 = 1_250;

fn order(status: OrderStatus) -> Order {
    let (price, now) = (Money::new(PRICE, Currency::EUR), Timestamp::from_micros(0));
    Order {
        id: OrderId::new(),
        customer_id: Some(CustomerId::new()),
        status,
        reason: None,
        lines: vec![OrderLine { product_id: ProductId::new(), name: "Cup".to_owned(), price, quantity: 1 }],
        total: price,
        payment_token: "tok_ok".to_owned(),
        address: None,
        captured: status == Confirmed,
        refund_requested: false,
        placed_at: now,
        updated_at: now,
    }
}

/// An order that was confirmed, one that was cancelled when its money was held, and one that was rejected.
struct Books {
    facts: Facts,
    confirmed: OrderId,
    cancelled: OrderId,
    rejected: OrderId,
}

impl Books {
    fn right() -> Self {
        let orders = [order(Confirmed), order(OrderStatus::Cancelled), order(OrderStatus::Rejected)]
            .map(|it| (it.id, it));
        let [confirmed, cancelled, rejected] = [0, 1, 2].map(|at| orders[at].0);
        let account = |order_id, captures, voided| Account {
            order_id,
            holds: 1,
            held: Some(Money::new(PRICE, Currency::EUR)),
            captures,
            captured: i64::from(captures) * PRICE,
            refunded: 0,
            voided,
        };
        let payment = |order_id, status, captured| Payment {
            order_id,
            status,
            amount: Some(Money::new(PRICE, Currency::EUR)),
            captured,
            refunded: 0,
            reason: None,
        };
        let facts = Facts {
            orders: BTreeMap::from(orders),
            order_audit: OrderAudit { keys: 3, ..OrderAudit::default() },
            reservations: BTreeMap::from([(
                confirmed,
                LiveReservation { order_id: confirmed, status: LiveStatus::Sold },
            )]),
            stock: StockAudit { products: 1, ..StockAudit::default() },
            payments: BTreeMap::from([
                (confirmed, payment(confirmed, Status::Captured, PRICE)),
                (cancelled, payment(cancelled, Status::Voided, 0)),
            ]),
            ledger: BTreeMap::from([
                (confirmed, account(confirmed, 1, false)),
                (cancelled, account(cancelled, 0, true)),
            ]),
            outbox: BTreeMap::new(),
            dead_letters: 0,
        };
        Self { facts, confirmed, cancelled, rejected }
    }

    fn order(&mut self, id: OrderId) -> &mut Order {
        self.facts.orders.get_mut(&id).unwrap()
    }

    fn account(&mut self, id: OrderId) -> &mut Account {
        self.facts.ledger.get_mut(&id).unwrap()
    }
}

/// The invariants that are broken once `wrong` was done.
fn broken<T>(wrong: impl FnOnce(&mut Books) -> T) -> Vec<&'static str> {
    let mut books = Books::right();
    wrong(&mut books);
    let report = check(&books.facts);
    let broken: Vec<_> = report.invariants.iter().filter(|it| !it.holds()).map(|it| it.name).collect();
    assert_eq!(report.holds, broken.is_empty());
    broken
}

#[test]
fn books_that_are_right_are_found_to_be_so_and_everything_was_looked_at() {
    let report = check(&Books::right().facts);
    assert!(report.holds);
    assert!(report.invariants.iter().all(|it| it.holds() && it.checked > 0), "{report:#?}");
}

#[test]
fn an_order_that_does_not_end_is_found() {
    let stuck = broken(|books| books.order(books.rejected).status = OrderStatus::Pending);
    assert_eq!(stuck, ["orders_end"]);
}

#[test]
fn stock_that_does_not_add_up_is_found() {
    for wrong in [
        |stock: &mut StockAudit| stock.received_differs = 1,
        |stock: &mut StockAudit| stock.sold_differs = 1,
        |stock: &mut StockAudit| stock.reserved_differs = 1,
    ] {
        assert_eq!(broken(|books| wrong(&mut books.facts.stock)), ["stock_adds_up"]);
    }
    assert_eq!(broken(|books| books.facts.stock.below_zero = 1), ["stock_not_negative"]);
}

#[test]
fn a_second_charge_and_none_at_all_are_found() {
    assert_eq!(broken(|books| books.account(books.confirmed).holds = 2), ["one_charge_an_order"]);
    assert_eq!(broken(|books| books.account(books.confirmed).captures = 2), ["one_charge_an_order"]);
    let free = broken(|books| {
        books.facts.ledger.remove(&books.confirmed);
        books.facts.payments.remove(&books.confirmed);
    });
    assert_eq!(free, ["one_charge_an_order", "captures_are_known"]);
}

#[test]
fn money_that_is_kept_or_held_and_not_owed_is_found() {
    let short = broken(|books| books.account(books.confirmed).captured -= 1);
    assert_eq!(short, ["charges_are_owed", "books_agree"]);
    assert_eq!(broken(|books| books.account(books.cancelled).voided = false), ["charges_are_owed"]);
    assert_eq!(broken(|books| books.order(books.confirmed).refund_requested = true), ["charges_are_owed"]);
}

#[test]
fn books_that_differ_from_the_provider_s_are_found() {
    let differs = |books: &mut Books| books.facts.payments.get_mut(&books.confirmed).unwrap().refunded = 1;
    assert_eq!(broken(differs), ["books_agree"]);
    let unknown = broken(|books| books.facts.payments.remove(&books.cancelled));
    assert_eq!(unknown, ["books_agree"]);
}

#[test]
fn a_capture_that_an_order_does_not_know_of_and_goods_without_one_are_found() {
    let unknown = broken(|books| books.order(books.confirmed).captured = false);
    assert_eq!(unknown, ["captures_are_known"]);
    let made_up = broken(|books| {
        let order = books.order(books.confirmed);
        (order.status, order.captured) = (Shipped, false);
        let account = books.account(books.confirmed);
        (account.captures, account.captured) = (0, 0);
    });
    assert!(made_up.contains(&"captures_are_known"), "{made_up:?}");
}

#[test]
fn keys_that_lead_nowhere_or_to_one_order_are_found() {
    assert_eq!(broken(|books| books.facts.order_audit.keys_without_order = 1), ["one_order_a_key"]);
    assert_eq!(broken(|books| books.facts.order_audit.orders_with_two_keys = 1), ["one_order_a_key"]);
}

#[test]
fn stock_that_is_tied_up_for_nothing_and_orders_without_any_are_found() {
    let held = |order_id| LiveReservation { order_id, status: LiveStatus::Held };
    let idle = broken(|books| books.facts.reservations.insert(books.rejected, held(books.rejected)));
    assert_eq!(idle, ["reservations_have_orders"]);
    let nobodys = OrderId::new();
    let unknown = broken(|books| books.facts.reservations.insert(nobodys, held(nobodys)));
    assert_eq!(unknown, ["reservations_have_orders"]);
    let without = broken(|books| books.facts.reservations.remove(&books.confirmed));
    assert_eq!(without, ["sold_orders_have_stock"]);
}

#[test]
fn a_step_that_is_taken_twice_and_an_event_that_waits_are_found() {
    assert_eq!(broken(|books| books.facts.order_audit.repeated_steps = 1), ["applied_once"]);
    let waiting = Waiting { oldest: OrderId::new().0, events: 1 };
    assert_eq!(broken(|books| books.facts.outbox.insert(Service::Payment, waiting)), ["outboxes_drained"]);
}
