//! Reservations end by themselves.

use contracts::{
    OrderId, ProductId,
    events::{Event, StockCommitted, StockExpired, StockRefused, StockReserved},
};
use platform::timers::Timer;

use super::{NOW, Shop, TTL, message};

/// The timers that are due when the reservations of a test lapse. Claims end, and so they can be claimed again.
async fn due(shop: &Shop) -> Vec<Timer> {
    shop.messaging.claim_due(NOW + TTL, std::time::Duration::ZERO, 10).await.unwrap()
}

async fn held(shop: &Shop) -> (ProductId, OrderId, Timer) {
    let (id, order) = (shop.stocked(5).await, OrderId::new());
    shop.place(order, &[(id, 2)]).await;
    let timers = due(shop).await;
    assert_eq!((timers.len(), timers[0].subject, timers[0].due_at), (1, order.0, NOW + TTL));
    (id, order, timers[0].clone())
}

pub(crate) async fn a_reservation_ends_when_its_timer_fires(shop: &Shop) {
    let (id, order, timer) = held(shop).await;
    shop.store.expire_reservation(timer.clone(), NOW + TTL).await.unwrap();
    assert_eq!(shop.stock(id).await, (5, 0, 0));
    assert_eq!(due(shop).await, []);
    // It was claimed twice, or the cancellation is late.
    shop.store.expire_reservation(timer, NOW + TTL).await.unwrap();
    shop.release(order).await;
    assert_eq!(shop.told(order).await, [StockReserved::TYPE, StockExpired::TYPE]);
    shop.commit(order).await;
    shop.last::<StockExpired>(order).await;
    shop.place(order, &[(id, 2)]).await;
    shop.last::<StockRefused>(order).await;
    assert_eq!(shop.stock(id).await, (5, 0, 0));
}

pub(crate) async fn a_timer_that_no_longer_stands_does_nothing(shop: &Shop) {
    let (sold_id, sold, timer_of_sold) = held(shop).await;
    shop.commit(sold).await;
    assert_eq!(due(shop).await, []);
    shop.store.expire_reservation(timer_of_sold, NOW + TTL).await.unwrap();
    assert_eq!(shop.stock(sold_id).await, (3, 0, 2));
    assert_eq!(shop.told(sold).await, [StockReserved::TYPE, StockCommitted::TYPE]);

    let (id, released, timer_of_released) = held(shop).await;
    shop.release(released).await;
    assert_eq!(due(shop).await, []);
    shop.store.expire_reservation(timer_of_released, NOW + TTL).await.unwrap();
    assert_eq!(shop.stock(id).await, (5, 0, 0));
    assert_eq!(shop.told(released).await, [StockReserved::TYPE]);
}

pub(crate) async fn a_reservation_whose_time_is_over_is_not_sold(shop: &Shop) {
    let (id, order, timer) = held(shop).await;
    shop.store.commit_stock(message(), order, NOW + TTL).await.unwrap();
    shop.store.expire_reservation(timer, NOW + TTL).await.unwrap();
    assert_eq!(shop.told(order).await, [StockReserved::TYPE, StockExpired::TYPE]);
    assert_eq!(shop.stock(id).await, (5, 0, 0));
    assert_eq!(due(shop).await, []);
}
