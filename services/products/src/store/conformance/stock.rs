//! The stock, changed by hand.

use contracts::{OrderId, ProductId};
use platform::idempotency::{Idempotency, Once};

use super::{Shop, by_staff, key};
use crate::domain::{Adjustment, AdjustmentRefused, Product};

async fn adjust(
    shop: &Shop,
    id: ProductId,
    adjust: i32,
    idempotency: Option<Idempotency>,
) -> Result<Once<Product>, AdjustmentRefused> {
    let adjustment = Adjustment { adjust, reason: Some("counted".into()) };
    shop.store.adjust_stock(id, adjustment, by_staff(idempotency)).await.unwrap()
}

pub(crate) async fn an_adjustment_is_in_the_ledger(shop: &Shop) {
    let id = shop.stocked(10).await;
    let Ok(Once::Done(product)) = adjust(shop, id, -3, None).await else { panic!("it was refused") };
    assert_eq!(product.stock.available(), 7);
    adjust(shop, id, 5, None).await.unwrap();
    // The audit that follows every promise adds the movements up.
    assert_eq!(shop.stock(id).await, (12, 0, 0));
    assert_eq!(adjust(shop, ProductId::new(), 1, None).await, Err(AdjustmentRefused::NoSuchProduct));
}

pub(crate) async fn a_stock_is_not_lowered_below_what_is_reserved(shop: &Shop) {
    let id = shop.stocked(10).await;
    shop.place(OrderId::new(), &[(id, 6)]).await;
    let refused = AdjustmentRefused::BelowReserved { on_hand: 10, reserved: 6 };
    assert_eq!(adjust(shop, id, -5, None).await, Err(refused));
    assert_eq!(shop.stock(id).await, (4, 6, 0));
    adjust(shop, id, -4, None).await.unwrap();
    assert_eq!(shop.stock(id).await, (0, 6, 0));
    let too_many = adjust(shop, id, 1_000_000, None).await;
    assert_eq!(too_many, Err(AdjustmentRefused::TooMany { on_hand: 6 }));
}

pub(crate) async fn a_repeated_adjustment_counts_once(shop: &Shop) {
    let id = shop.stocked(10).await;
    let Ok(Once::Done(product)) = adjust(shop, id, 2, key("k", "two more")).await else { panic!("refused") };
    assert_eq!(adjust(shop, id, 2, key("k", "two more")).await, Ok(Once::Replayed(product)));
    assert_eq!(adjust(shop, id, 3, key("k", "three more")).await, Ok(Once::Conflict));
    assert_eq!(shop.stock(id).await, (12, 0, 0));
}

pub(crate) async fn a_refused_adjustment_leaves_its_key_unused(shop: &Shop) {
    let id = shop.stocked(1).await;
    assert!(adjust(shop, id, -2, key("k", "two fewer")).await.is_err());
    adjust(shop, id, 1, None).await.unwrap();
    assert!(matches!(adjust(shop, id, -2, key("k", "two fewer")).await, Ok(Once::Done(_))));
    assert_eq!(shop.stock(id).await, (0, 0, 0));
}
