//! However the payment provider behaves, each order is charged once, or not at all.

use contracts::rpc::OrderStatus::{self, Confirmed, Declined};
use futures::future::join_all;
use testkit::{ProductBody, Shopper};

use crate::shop;

/// How the sandbox behaves for a token, and what has to become of the order.
const TOKENS: [(&str, OrderStatus, Option<&str>); 6] = [
    ("tok_ok", Confirmed, None),
    ("tok_slow", Confirmed, None),
    ("tok_error_once", Confirmed, None),
    ("tok_timeout_after_charge", Confirmed, None),
    ("tok_declined", Declined, Some("card declined")),
    ("tok_of_another_shop", Declined, Some("unknown token")),
];

#[tokio::test]
async fn each_payment_token_ends_as_it_should_and_is_charged_at_most_once() {
    let shop = shop().await;
    let staff = shop.staff().await;
    let cup = staff.add(&ProductBody::named("Cup").cents(1_999).stock(10)).await;
    join_all(TOKENS.map(|(token, status, reason)| {
        let (shop, staff, cup) = (&shop, &staff, &cup);
        async move {
            let shopper = Shopper::sign_up(shop).await;
            let order = shopper.buy(cup, 1, token).await;
            let order = shopper.order_ends(order.id).await;
            assert_eq!((order.status, order.reason.as_deref()), (status, reason), "{token}");
            if status == Confirmed {
                let payment = staff.payment_reaches(order.id, "captured").await;
                assert_eq!(
                    (payment.times("held"), payment.times("captured")),
                    (1, 1),
                    "{token}: {payment:#?}"
                );
                assert_eq!((payment.taken(), payment.times("refunded")), (order.total.amount, 0), "{token}");
            } else {
                let payment = staff.payment_reaches(order.id, "declined").await;
                assert_eq!((payment.taken(), payment.times("held")), (0, 0), "{token}: {payment:#?}");
            }
        }
    }))
    .await;
    assert_eq!(staff.product(cup.id).await.stock, 6, "what was declined is for sale again");
    let report = shop.audit().await.expect_clean();
    assert_eq!((report.orders["confirmed"], report.orders["declined"]), (4, 2));
}
