//! The last unit is sold once.

use contracts::rpc::{
    OrderStatus::{Confirmed, Rejected},
    OrderView,
};
use futures::{StreamExt as _, future::join_all, stream};
use testkit::{ProductBody, Shopper};

use crate::shop;

const SHOPPERS: usize = 64;
const PIECES: u32 = 10;

#[tokio::test]
async fn of_many_shoppers_who_race_for_the_last_pieces_as_many_win_as_there_are_pieces() {
    let shop = shop().await;
    let staff = shop.staff().await;
    let cup = staff.add(&ProductBody::named("Cup").stock(PIECES)).await;
    let arrive = |_| async {
        let shopper = Shopper::sign_up(&shop).await;
        shopper.put_in_cart(&cup, 1).await;
        shopper
    };
    // Few at a time: hashing passwords is what takes long, and is not what is raced for.
    let shoppers: Vec<Shopper> = stream::iter(0..SHOPPERS).map(arrive).buffer_unordered(4).collect().await;
    let placed: Vec<OrderView> = join_all(shoppers.iter().map(|shopper| shopper.order("tok_ok"))).await;
    let ended = shoppers.iter().zip(&placed).map(|(shopper, order)| shopper.order_ends(order.id));
    let ended: Vec<OrderView> = join_all(ended).await;

    let (won, lost): (Vec<_>, Vec<_>) = ended.iter().partition(|order| order.status == Confirmed);
    assert_eq!((won.len(), lost.len()), (10, 54));
    for order in lost {
        assert_eq!(order.status, Rejected, "{order:#?}");
        assert!(order.reason.is_some(), "who got nothing is told why");
        assert!(staff.payment(order.id).await.is_none(), "nobody is charged for nothing");
    }
    for order in won {
        let payment = staff.payment_reaches(order.id, "captured").await;
        assert_eq!((payment.captured, payment.times("held")), (Some(order.total), 1));
    }
    assert_eq!(staff.product(cup.id).await.stock, 0);
    let report = shop.audit().await.expect_clean();
    assert_eq!((report.orders["confirmed"], report.orders["rejected"]), (10, 54));
}
