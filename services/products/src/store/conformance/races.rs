//! Many at once.

use std::sync::Arc;

use contracts::{
    OrderId,
    events::{Event, StockCommitted, StockExpired, StockRefused, StockReserved},
};
use futures::future::join_all;
use platform::timers::Timer;

use super::{NOW, Shop, TTL, by_staff, demand, message};
use crate::{domain::Adjustment, store::RESERVATION_TIMER};

/// Runs `tasks` truly at once, as far as the machine can.
async fn at_once<T: Send + 'static>(
    tasks: impl IntoIterator<Item: Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let spawned: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    join_all(spawned).await.into_iter().map(Result::unwrap).collect()
}

async fn count(shop: &Shop, event_type: &str) -> usize {
    shop.published().await.iter().filter(|event| event.event_type == event_type).count()
}

pub(crate) async fn the_last_pieces_go_to_exactly_as_many_orders(shop: &Shop) {
    let id = shop.stocked(7).await;
    at_once((0..100).map(|_| {
        let store = Arc::clone(&shop.store);
        async move {
            store.reserve_stock(message(), OrderId::new(), demand(&[(id, 1)]), NOW, NOW + TTL).await.unwrap()
        }
    }))
    .await;
    assert_eq!(count(shop, StockReserved::TYPE).await, 7);
    assert_eq!(count(shop, StockRefused::TYPE).await, 93);
    assert_eq!(shop.stock(id).await, (0, 7, 0));
}

pub(crate) async fn orders_for_the_same_products_do_not_stand_in_each_others_way(shop: &Shop) {
    let (first, second) = (shop.stocked(20).await, shop.stocked(20).await);
    at_once((0..60).map(|number| {
        let store = Arc::clone(&shop.store);
        let lines = if number % 2 == 0 { [(first, 1), (second, 1)] } else { [(second, 1), (first, 1)] };
        async move {
            store.reserve_stock(message(), OrderId::new(), demand(&lines), NOW, NOW + TTL).await.unwrap()
        }
    }))
    .await;
    assert_eq!(count(shop, StockReserved::TYPE).await, 20);
    assert_eq!(shop.stock(first).await, (0, 20, 0));
    assert_eq!(shop.stock(second).await, (0, 20, 0));
}

pub(crate) async fn a_reservation_is_sold_or_expires_and_never_both(shop: &Shop) {
    let id = shop.stocked(40).await;
    let orders: Vec<_> = (0..40).map(|_| OrderId::new()).collect();
    for order in &orders {
        shop.place(*order, &[(id, 1)]).await;
    }
    at_once(orders.iter().flat_map(|&order| [(order, true), (order, false)]).map(|(order, pay)| {
        let store = Arc::clone(&shop.store);
        let timer = Timer { kind: RESERVATION_TIMER.into(), subject: order.0, attempt: 1, due_at: NOW + TTL };
        async move {
            if pay {
                store.commit_stock(message(), order, NOW).await.unwrap();
            } else {
                store.expire_reservation(timer, NOW + TTL).await.unwrap();
            }
        }
    }))
    .await;
    for order in orders {
        let told = shop.told(order).await;
        let sold = told.iter().filter(|told| *told == StockCommitted::TYPE).count();
        let expired = told.iter().any(|told| told == StockExpired::TYPE);
        assert_eq!((sold, expired), if expired { (0, true) } else { (1, false) }, "{told:?}");
    }
    let (available, reserved, sold) = shop.stock(id).await;
    assert_eq!((reserved, available + sold), (0, 40));
    assert_eq!(count(shop, StockCommitted::TYPE).await, usize::try_from(sold).unwrap());
}

pub(crate) async fn an_adjustment_and_orders_do_not_promise_the_same_piece(shop: &Shop) {
    let id = shop.stocked(30).await;
    let outcomes = at_once((0..60).map(|number| {
        let store = Arc::clone(&shop.store);
        async move {
            if number % 2 == 0 {
                store
                    .reserve_stock(message(), OrderId::new(), demand(&[(id, 1)]), NOW, NOW + TTL)
                    .await
                    .unwrap();
                return false;
            }
            let broken = Adjustment { adjust: -1, reason: None };
            store.adjust_stock(id, broken, by_staff(None)).await.unwrap().is_ok()
        }
    }))
    .await;
    let written_off = outcomes.into_iter().filter(|written_off| *written_off).count();
    let reserved = count(shop, StockReserved::TYPE).await;
    assert_eq!(written_off + reserved, 30);
    assert_eq!(shop.stock(id).await, (0, i64::try_from(reserved).unwrap(), 0));
}
