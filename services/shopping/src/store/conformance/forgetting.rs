//! Forgetting a customer.

use contracts::{
    CustomerId, OrderId, ProductId, Timestamp,
    events::{Event as _, OrderCancelled},
    rpc::OrderStatus::{self, Authorised, Cancelled, Confirmed, Delivered, Reserved, Shipped},
};
use platform::auth::Revoked;

use super::fixture::{Fixture, NOW, SECOND, deleted, message};
use crate::{
    checkout::Input,
    domain::{Cart, CartOwner},
    store::{Advanced, Cause, OrderFilter},
};

const ANYBODYS: OrderFilter = OrderFilter { customer_id: None, status: None };

pub async fn a_forgotten_customer_leaves_no_cart_no_wishlist_and_no_name(fixture: Fixture) {
    let (store, anna) = (&fixture.store, CustomerId::new());
    let id = fixture.order_in(anna, Delivered).await;
    fixture.put(CartOwner::Customer(anna), ProductId::new(), 1, 500).await;
    store.add_to_wishlist(anna, ProductId::new(), 10, NOW).await.unwrap();
    assert_eq!(fixture.forget(anna).await, []);
    assert_eq!(fixture.cart(CartOwner::Customer(anna)).await, Cart::default());
    assert_eq!(store.wishlist(anna).await.unwrap(), []);
    // Requests that were under way come too late to leave anything.
    fixture.put(CartOwner::Customer(anna), ProductId::new(), 1, 500).await;
    store.add_to_wishlist(anna, ProductId::new(), 10, NOW).await.unwrap();
    assert_eq!(fixture.cart(CartOwner::Customer(anna)).await, Cart::default());
    assert_eq!(store.wishlist(anna).await.unwrap(), []);
    let of_anna = OrderFilter { customer_id: Some(anna), status: None };
    assert_eq!(store.orders(of_anna, None, 10).await.unwrap(), []);
    let order = fixture.order(id).await;
    assert_eq!((order.customer_id, order.payment_token.as_str(), order.address), (None, "", None));
    assert_eq!((order.status, order.lines.len()), (Delivered, 2), "what was sold stays in the books");
    let advanced = store.advance(id, Cause::Customer(anna), Input::Cancel, NOW).await.unwrap();
    assert_eq!(advanced, (Advanced::NotFound, None));
    let revocations = fixture.platform.messaging().revoked_since(Timestamp::from_micros(0)).await.unwrap();
    assert_eq!(revocations.len(), 1);
    assert_eq!(revocations[0].revoked, Revoked::Customer(anna));
    assert_eq!(revocations[0].until, deleted(anna).tokens_expire_at);
}

pub async fn orders_that_are_being_checked_out_are_cancelled(fixture: Fixture) {
    let anna = CustomerId::new();
    let mut open = vec![fixture.placed(anna).await.id];
    for status in [Reserved, Authorised] {
        open.push(fixture.order_in(anna, status).await);
    }
    let confirmed = fixture.order_in(anna, Confirmed).await;
    let mut cancelled = fixture.forget(anna).await;
    cancelled.sort();
    open.sort();
    assert_eq!(cancelled, open);
    for id in open {
        let order = fixture.order(id).await;
        assert_eq!((order.status, order.customer_id, order.address), (Cancelled, None, None));
        assert_eq!(fixture.told(id).await.last().unwrap(), OrderCancelled::TYPE);
        assert_eq!(fixture.steps(id, 0).await.last().unwrap().status, Cancelled);
        assert_eq!(fixture.timer(id).await, None);
    }
    assert_eq!(fixture.order(confirmed).await.status, Confirmed);
}

pub async fn an_address_is_kept_until_the_parcel_has_arrived(fixture: Fixture) {
    let (store, anna) = (&fixture.store, CustomerId::new());
    let confirmed = fixture.order_in(anna, Confirmed).await;
    let shipped = fixture.order_in(anna, Shipped).await;
    fixture.forget(anna).await;
    let address = async |id: OrderId| fixture.order(id).await.address;
    let happens = async |id, cause, input| store.advance(id, cause, input, NOW + SECOND).await.unwrap().0;
    assert!(address(confirmed).await.is_some() && address(shipped).await.is_some());
    happens(confirmed, Cause::Message(message()), Input::PaymentCaptured).await;
    happens(confirmed, Cause::Staff, Input::Ship).await;
    assert!(address(confirmed).await.is_some(), "it is still to arrive");
    for id in [confirmed, shipped] {
        assert_eq!(happens(id, Cause::Staff, Input::Deliver).await, Advanced::Now(Delivered));
        assert_eq!(address(id).await, None);
    }
}

pub async fn forgetting_twice_is_forgetting_once(fixture: Fixture) {
    let (store, anna, received) = (&fixture.store, CustomerId::new(), message());
    let id = fixture.placed(anna).await.id;
    let forget = || store.forget_customer(received, deleted(anna), NOW);
    assert_eq!(forget().await.unwrap(), [id]);
    let (order, told) = (fixture.order(id).await, fixture.told(id).await);
    assert_eq!(forget().await.unwrap(), []);
    assert_eq!((fixture.order(id).await, fixture.told(id).await), (order, told));
}

pub async fn others_are_not_forgotten(fixture: Fixture) {
    let (store, anna, bert) = (&fixture.store, CustomerId::new(), CustomerId::new());
    let order = fixture.placed(bert).await;
    fixture.put(CartOwner::Customer(bert), ProductId::new(), 1, 500).await;
    store.add_to_wishlist(bert, ProductId::new(), 10, NOW).await.unwrap();
    fixture.forget(anna).await;
    assert_eq!(fixture.order(order.id).await, order);
    assert_eq!(fixture.cart(CartOwner::Customer(bert)).await.lines.len(), 1);
    assert_eq!(store.wishlist(bert).await.unwrap().len(), 1);
    assert_eq!(store.orders(ANYBODYS, None, 10).await.unwrap().len(), 1);
    assert_eq!(
        store
            .orders(OrderFilter { status: Some(OrderStatus::Pending), ..ANYBODYS }, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}
