//! Who closes their account is forgotten, and what the shop owes is not.

use contracts::{
    Service,
    rpc::{
        OrderStatus::{Cancelled, Delivered, Reserved},
        OrderView,
    },
};
use serde_json::{Value, json};
use testkit::{
    AddressBody, ProductBody, Shopper, bodies::fresh_key, eventually, people::PASSWORD, views::Address,
};

use crate::shop;

#[tokio::test]
async fn who_closes_their_account_is_forgotten() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup").stock(10)).await;
    let address: Address =
        shopper.client.post("/customer/addresses", &AddressBody::in_city("Hamburg")).await.expect(201).json();
    shopper.put_in_cart(&cup, 1).await;
    let body = Shopper::paying_to("tok_ok", address.id);
    let finished = shopper.try_to_order(&body, &fresh_key()).await.expect(202).json::<OrderView>().id;
    staff.order_is_paid(finished).await;
    let posted: OrderView = {
        shopper.put_in_cart(&cup, 1).await;
        shopper.try_to_order(&body, &fresh_key()).await.expect(202).json()
    };
    staff.order_is_paid(posted.id).await;
    for step in ["ship", "deliver"] {
        staff.treat(finished, step).await.expect(200);
    }
    let pending = shopper.buy(&cup, 2, "tok_slow").await.id;
    shopper.order_reaches(pending, Reserved).await;
    shopper.put_in_cart(&cup, 3).await;
    shopper.wish_for(cup.id).await;
    let rows =
        |table: &'static str, column: &'static str| shop.rows(Service::Shopping, table, column, shopper.id.0);
    assert_eq!(rows("cart_line", "owner").await, 1);

    shopper.client.delete("/customer/profile").await.expect(204);
    shopper.client.get("/customer/profile").await.problem(401);
    for path in
        ["/shopping/cart", "/shopping/orders", "/payment/payments/x", &format!("/products/{}", cup.id)]
    {
        eventually(&format!("{path} to refuse the token"), || async {
            (shopper.client.get(path).await.status() == 401).then_some(())
        })
        .await;
    }
    let token = json!({ "refresh_token": shopper.tokens.refresh_token });
    shop.client().post("/customer/token/refresh", &token).await.problem(401);

    staff.order_reaches(pending, Cancelled).await;
    let payment = staff.payment_reaches(pending, "voided").await;
    assert_eq!(payment.taken(), 0);
    eventually("the stock to be released", || async {
        (staff.product(cup.id).await.stock == 8).then_some(())
    })
    .await;
    for (table, column) in [("cart_line", "owner"), ("wishlist_item", "customer_id")] {
        eventually(&format!("{table} to be empty"), || async {
            (rows(table, column).await == 0).then_some(())
        })
        .await;
    }
    let kept = staff.find_order(finished).await;
    assert_eq!((kept.status, kept.total, kept.address), (Delivered, cup.price, None));
    // A parcel that has been paid for still has to find its way; then its address goes, too.
    assert!(staff.find_order(posted.id).await.address.is_some());
    for step in ["ship", "deliver"] {
        staff.treat(posted.id, step).await.expect(200);
    }
    assert_eq!(staff.find_order(posted.id).await.address, None);

    let login = json!({ "email": shopper.email, "password": PASSWORD });
    shop.client().post("/customer/login", &login).await.problem(401);
    let again = shop.client().post("/customer/signup", &login).await.expect(201).json::<Value>();
    assert_ne!(again["id"], json!(shopper.id));
    let newcomer = shop.client().signed_in(again["access_token"].as_str().unwrap());
    let profile: Value = newcomer.get("/customer/profile?include=shopping").await.expect(200).json();
    assert_eq!(profile["shopping"]["orders"], json!([]));
    shop.audit().await.expect_clean();
}
