//! Placing an order.

use contracts::{
    CustomerId, ProductId,
    events::{Event as _, OrderPlaced},
    rpc::OrderStatus,
};
use futures::future::join_all;
use platform::idempotency::Known;

use super::fixture::{Fixture, NOW, SECOND, key, order};
use crate::{
    checkout::{TIMER, wait},
    domain::{Cart, CartOwner},
    store::{OrderFilter, PlaceOrder, Placing},
};

/// Everybody's orders.
const ALL: OrderFilter = OrderFilter { customer_id: None, status: None };

async fn place(fixture: &Fixture, placing: &PlaceOrder) -> Placing {
    fixture.store.place_order(placing.clone()).await.unwrap()
}

/// Nothing of an order that was refused is there, and the cart is as it was.
async fn nothing_was_placed(fixture: &Fixture, customer_id: CustomerId, cart: &Cart) {
    assert_eq!(fixture.store.orders(ALL, None, 10).await.unwrap(), []);
    assert_eq!(fixture.published().await, []);
    assert_eq!(fixture.due(NOW + SECOND * 3_600).await, []);
    assert_eq!(fixture.cart(CartOwner::Customer(customer_id)).await, *cart);
}

pub async fn an_order_is_kept_as_it_was_placed(fixture: Fixture) {
    let placing = fixture.prepared(CustomerId::new()).await;
    assert_eq!(place(&fixture, &placing).await, Placing::Placed);
    assert_eq!(fixture.order(placing.order.id).await, placing.order);
    let timeline = fixture.steps(placing.order.id, 0).await;
    assert_eq!(timeline.len(), 1);
    assert_eq!((timeline[0].number, timeline[0].at, timeline[0].status), (1, NOW, OrderStatus::Pending));
    assert_eq!(fixture.store.order(contracts::OrderId::new()).await.unwrap(), None);
}

pub async fn placing_leaves_one_event_one_timer_and_an_empty_cart(fixture: Fixture) {
    let customer_id = CustomerId::new();
    let order = fixture.placed(customer_id).await;
    let published = fixture.published().await;
    assert_eq!(published.len(), 1);
    assert_eq!((published[0].event_type.as_str(), published[0].aggregate), (OrderPlaced::TYPE, order.id.0));
    let placed: OrderPlaced = published[0].open().unwrap();
    let lines: Vec<_> = placed.lines.iter().map(|line| (line.product_id, line.quantity)).collect();
    let expected: Vec<_> = order.lines.iter().map(|line| (line.product_id, line.quantity)).collect();
    assert_eq!(lines, expected);

    let due = NOW + wait(OrderStatus::Pending, 1);
    let timers = fixture.due(due).await;
    assert_eq!(timers.len(), 1);
    let timer = &timers[0];
    assert_eq!(
        (timer.kind.as_str(), timer.subject, timer.attempt, timer.due_at),
        (TIMER, order.id.0, 1, due)
    );
    assert_eq!(fixture.cart(CartOwner::Customer(customer_id)).await, Cart::default());
}

pub async fn the_same_key_places_one_order(fixture: Fixture) {
    let customer_id = CustomerId::new();
    let key = key("k", "an order");
    assert_eq!(fixture.store.placed_with(key.clone()).await.unwrap(), Known::New);
    let placing = PlaceOrder { idempotency: Some(key.clone()), ..fixture.prepared(customer_id).await };
    assert_eq!(place(&fixture, &placing).await, Placing::Placed);
    // The client asks again; the cart has been filled anew meanwhile.
    let again = PlaceOrder { idempotency: Some(key.clone()), ..fixture.prepared(customer_id).await };
    assert_eq!(place(&fixture, &again).await, Placing::Replayed(placing.order.id));
    assert_eq!(fixture.store.placed_with(key).await.unwrap(), Known::Answered(placing.order.id));
    assert_eq!(fixture.store.orders(ALL, None, 10).await.unwrap().len(), 1);
    assert_eq!(fixture.cart(CartOwner::Customer(customer_id)).await, again.from);
}

pub async fn the_same_key_for_something_else_is_a_conflict(fixture: Fixture) {
    let customer_id = CustomerId::new();
    let first = fixture.prepared(customer_id).await;
    let first = PlaceOrder { idempotency: Some(key("k", "one")), ..first };
    assert_eq!(place(&fixture, &first).await, Placing::Placed);
    let other = fixture.prepared(customer_id).await;
    let other = PlaceOrder { idempotency: Some(key("k", "another")), ..other };
    assert_eq!(place(&fixture, &other).await, Placing::KeyConflict);
    assert_eq!(fixture.store.placed_with(key("k", "another")).await.unwrap(), Known::Conflict);
    assert_eq!(fixture.store.orders(ALL, None, 10).await.unwrap().len(), 1);
    assert_eq!(fixture.cart(CartOwner::Customer(customer_id)).await, other.from);
}

pub async fn a_cart_that_has_changed_places_nothing(fixture: Fixture) {
    let customer_id = CustomerId::new();
    let owner = CartOwner::Customer(customer_id);
    let placing = fixture.prepared(customer_id).await;
    let (first, second) = (placing.from.lines[0], placing.from.lines[1]);
    fixture.put(owner, first.product_id, 1, first.price.amount).await;
    assert_eq!(place(&fixture, &placing).await, Placing::CartChanged, "another quantity");
    let restored = Some((first.quantity, first.price));
    fixture.store.set_quantity(owner, first.product_id, restored, NOW).await.unwrap();
    let dearer = super::fixture::euros(first.price.amount + 1);
    fixture.store.reprice_cart(owner, vec![(first.product_id, dearer)]).await.unwrap();
    assert_eq!(place(&fixture, &placing).await, Placing::CartChanged, "another price");
    fixture.store.reprice_cart(owner, vec![(first.product_id, first.price)]).await.unwrap();
    fixture.store.set_quantity(owner, second.product_id, None, NOW).await.unwrap();
    assert_eq!(place(&fixture, &placing).await, Placing::CartChanged, "a product less");
    let cart = fixture.cart(owner).await;
    nothing_was_placed(&fixture, customer_id, &cart).await;
}

pub async fn a_customer_who_is_gone_places_nothing(fixture: Fixture) {
    let customer_id = CustomerId::new();
    let placing = fixture.prepared(customer_id).await;
    fixture.forget(customer_id).await;
    assert_eq!(place(&fixture, &placing).await, Placing::CustomerGone);
    nothing_was_placed(&fixture, customer_id, &Cart::default()).await;
}

pub async fn a_refused_order_leaves_no_trace(fixture: Fixture) {
    let customer_id = CustomerId::new();
    let placing = fixture.prepared(customer_id).await;
    let stale =
        PlaceOrder { from: Cart::default(), idempotency: Some(key("k", "an order")), ..placing.clone() };
    assert_eq!(place(&fixture, &stale).await, Placing::CartChanged);
    nothing_was_placed(&fixture, customer_id, &placing.from).await;
    let now = PlaceOrder { idempotency: stale.idempotency, ..placing };
    assert_eq!(place(&fixture, &now).await, Placing::Placed, "the key was left unused");
}

/// Ten requests for one cart, half of them with one key: the cart is ordered once.
pub async fn of_many_at_once_one_is_placed(fixture: Fixture) {
    let customer_id = CustomerId::new();
    let prepared = fixture.prepared(customer_id).await;
    let attempts: Vec<PlaceOrder> = (0..10)
        .map(|n| PlaceOrder {
            order: order(customer_id, &prepared.from),
            from: prepared.from.clone(),
            idempotency: (n % 2 == 0).then(|| key("k", "an order")),
        })
        .collect();
    let outcomes = join_all(attempts.iter().map(|placing| place(&fixture, placing))).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Placing::Placed).count(), 1, "{outcomes:?}");
    let orders = fixture.store.orders(ALL, None, 10).await.unwrap();
    assert_eq!(orders.len(), 1);
    for outcome in outcomes {
        let expected = [Placing::Placed, Placing::CartChanged, Placing::Replayed(orders[0].id)];
        assert!(expected.contains(&outcome), "{outcome:?}");
    }
    assert_eq!(fixture.told(orders[0].id).await, [OrderPlaced::TYPE]);
    let another = PlaceOrder { order: order(customer_id, &prepared.from), ..prepared };
    fixture.put(CartOwner::Customer(customer_id), ProductId::new(), 1, 1).await;
    assert_eq!(place(&fixture, &another).await, Placing::CartChanged);
}
