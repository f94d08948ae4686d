//! Whatever happens, in whatever order.

use contracts::OrderId;
use platform::timers::Timer;

use super::{NOW, Shop, TTL, by_staff};
use crate::{domain::Adjustment, store::RESERVATION_TIMER};

/// Numbers that look random and are the same each time (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % bound
    }
}

pub(crate) async fn any_history_keeps_the_books(shop: &Shop) {
    let products = [shop.stocked(8).await, shop.stocked(5).await, shop.stocked(0).await];
    let orders: Vec<_> = (0..25).map(|_| OrderId::new()).collect();
    let mut numbers = Numbers(20_260_101);
    for step in 0..600 {
        let order = orders[numbers.below(25) as usize];
        let product = products[numbers.below(3) as usize];
        let other = products[numbers.below(3) as usize];
        match numbers.below(6) {
            0 | 1 => shop.place(order, &[(product, numbers.below(3) + 1), (other, 1)]).await,
            2 => shop.commit(order).await,
            3 => shop.release(order).await,
            4 => {
                let timer =
                    Timer { kind: RESERVATION_TIMER.into(), subject: order.0, attempt: 1, due_at: NOW + TTL };
                shop.store.expire_reservation(timer, NOW + TTL).await.unwrap();
            }
            _ => {
                let adjust = i32::try_from(numbers.below(5)).unwrap() - 2;
                let adjustment = Adjustment { adjust: if adjust == 0 { 3 } else { adjust }, reason: None };
                let _refused = shop.store.adjust_stock(product, adjustment, by_staff(None)).await.unwrap();
            }
        }
        if step % 50 == 0 {
            let audit = shop.store.audit_stock().await.unwrap();
            assert!(audit.is_clean(), "after step {step}: {audit:?}");
        }
    }
    for order in orders {
        shop.release(order).await;
    }
    assert_eq!(shop.store.live_reservations().await.unwrap(), []);
    for product in products {
        let (available, reserved, sold) = shop.stock(product).await;
        assert!(available >= 0 && reserved == 0 && sold == 0, "{available} {reserved} {sold}");
    }
}
