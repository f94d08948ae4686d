//! Reservations: what each step does, twice, late, or before the step that it undoes.

use contracts::{
    OrderId, ProductId,
    events::{Event, Shortage, StockCommitted, StockExpired, StockRefused, StockReserved},
};

use super::{NOW, Shop, TTL, demand, message};
use crate::store::{LiveReservation, LiveStatus};

pub(crate) async fn stock_is_reserved_all_or_nothing(shop: &Shop) {
    let (plenty, scarce) = (shop.stocked(10).await, shop.stocked(2).await);
    let (first, second) = (OrderId::new(), OrderId::new());
    shop.place(first, &[(plenty, 4), (scarce, 2)]).await;
    let reserved: StockReserved = shop.last(first).await;
    assert_eq!(reserved, StockReserved { order_id: first, expires_at: NOW + TTL });

    shop.place(second, &[(plenty, 1), (scarce, 1)]).await;
    let refused: StockRefused = shop.last(second).await;
    assert_eq!(refused.shortages, [Shortage { product_id: scarce, requested: 1, available: 0 }]);
    assert_eq!(shop.stock(plenty).await, (6, 4, 0));
    assert_eq!(shop.stock(scarce).await, (0, 2, 0));
}

pub(crate) async fn what_is_archived_or_unknown_is_lacking(shop: &Shop) {
    let (archived, unknown) = (shop.stocked(5).await, ProductId::new());
    shop.store.archive_product(archived, NOW).await.unwrap();
    let order = OrderId::new();
    shop.place(order, &[(unknown, 2), (archived, 1)]).await;
    let refused: StockRefused = shop.last(order).await;
    let lacking = |product_id, requested| Shortage { product_id, requested, available: 0 };
    assert_eq!(refused.shortages, [lacking(archived, 1), lacking(unknown, 2)]);
    assert_eq!(shop.stock(archived).await, (5, 0, 0));
}

pub(crate) async fn a_repeated_message_is_applied_once(shop: &Shop) {
    let id = shop.stocked(10).await;
    let order = OrderId::new();
    let (placed, authorised, cancelled) = (message(), message(), message());
    for _ in 0..2 {
        shop.store.reserve_stock(placed, order, demand(&[(id, 3)]), NOW, NOW + TTL).await.unwrap();
    }
    assert_eq!(shop.stock(id).await, (7, 3, 0));
    for _ in 0..2 {
        shop.store.commit_stock(authorised, order, NOW).await.unwrap();
    }
    assert_eq!(shop.stock(id).await, (7, 0, 3));
    for _ in 0..2 {
        shop.store.release_stock(cancelled, order, NOW).await.unwrap();
    }
    assert_eq!(shop.stock(id).await, (10, 0, 0));
    assert_eq!(shop.told(order).await, [StockReserved::TYPE, StockCommitted::TYPE]);
}

pub(crate) async fn an_order_that_asks_again_gets_the_same_answer(shop: &Shop) {
    let id = shop.stocked(3).await;
    let (held, refused) = (OrderId::new(), OrderId::new());
    for _ in 0..2 {
        shop.place(held, &[(id, 3)]).await;
        shop.place(refused, &[(id, 1)]).await;
        let reserved: StockReserved = shop.last(held).await;
        assert_eq!(reserved.expires_at, NOW + TTL);
        let lacking: StockRefused = shop.last(refused).await;
        assert_eq!(lacking.shortages, [Shortage { product_id: id, requested: 1, available: 0 }]);
    }
    assert_eq!(shop.stock(id).await, (0, 3, 0));

    shop.commit(held).await;
    shop.place(held, &[(id, 3)]).await;
    shop.last::<StockReserved>(held).await;
    assert_eq!(shop.stock(id).await, (0, 0, 3));

    shop.release(held).await;
    shop.place(held, &[(id, 3)]).await;
    let gone: StockRefused = shop.last(held).await;
    assert_eq!(gone.shortages, []);
    // It is available again, and the refused order stays refused.
    shop.place(refused, &[(id, 1)]).await;
    shop.last::<StockRefused>(refused).await;
    assert_eq!(shop.stock(id).await, (3, 0, 0));
}

pub(crate) async fn reserved_stock_is_sold_once(shop: &Shop) {
    let id = shop.stocked(5).await;
    let order = OrderId::new();
    shop.place(order, &[(id, 2)]).await;
    shop.commit(order).await;
    shop.commit(order).await;
    assert_eq!(shop.told(order).await, [StockReserved::TYPE, StockCommitted::TYPE, StockCommitted::TYPE]);
    assert_eq!(shop.stock(id).await, (3, 0, 2));
}

pub(crate) async fn what_was_never_reserved_cannot_be_sold(shop: &Shop) {
    let id = shop.stocked(1).await;
    let (unknown, refused, released) = (OrderId::new(), OrderId::new(), OrderId::new());
    shop.place(refused, &[(id, 2)]).await;
    shop.place(released, &[(id, 1)]).await;
    shop.release(released).await;
    for order in [unknown, refused, released] {
        shop.commit(order).await;
        shop.last::<StockExpired>(order).await;
    }
    assert_eq!(shop.stock(id).await, (1, 0, 0));
}

pub(crate) async fn a_release_gives_back_what_is_held_or_sold(shop: &Shop) {
    let id = shop.stocked(5).await;
    let (held, sold, refused) = (OrderId::new(), OrderId::new(), OrderId::new());
    shop.place(held, &[(id, 2)]).await;
    shop.place(sold, &[(id, 3)]).await;
    shop.commit(sold).await;
    shop.place(refused, &[(id, 1)]).await;
    assert_eq!(shop.stock(id).await, (0, 2, 3));
    for order in [held, sold, refused, held, sold, refused] {
        let before = shop.told(order).await;
        shop.release(order).await;
        assert_eq!(shop.told(order).await, before, "a release is not answered");
    }
    assert_eq!(shop.stock(id).await, (5, 0, 0));
}

pub(crate) async fn a_release_counts_before_its_order_arrives(shop: &Shop) {
    let id = shop.stocked(5).await;
    let order = OrderId::new();
    shop.release(order).await;
    shop.release(order).await;
    shop.place(order, &[(id, 2)]).await;
    let refused: StockRefused = shop.last(order).await;
    assert_eq!(refused.shortages, []);
    assert_eq!(shop.stock(id).await, (5, 0, 0));
    assert_eq!(shop.store.live_reservations().await.unwrap(), []);
}

pub(crate) async fn live_reservations_are_listed(shop: &Shop) {
    let id = shop.stocked(9).await;
    let (held, sold, released) = (OrderId::new(), OrderId::new(), OrderId::new());
    for order in [held, sold, released] {
        shop.place(order, &[(id, 2)]).await;
    }
    shop.commit(sold).await;
    shop.release(released).await;
    let mut expected = [
        LiveReservation { order_id: held, status: LiveStatus::Held },
        LiveReservation { order_id: sold, status: LiveStatus::Sold },
    ];
    expected.sort_by_key(|live| live.order_id);
    assert_eq!(shop.store.live_reservations().await.unwrap(), expected);
}
