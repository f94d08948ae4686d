//! Who has not signed in may have a cart, too.

use serde_json::json;
use testkit::{Guest, ProductBody, Shopper};

use crate::shop;

#[tokio::test]
async fn a_guest_keeps_a_cart_by_its_token_alone() {
    let shop = shop().await;
    let cup = shop.staff().await.add(&ProductBody::named("Cup").cents(500)).await;
    let (guest, other) = (Guest::with(&shop, &cup, 1).await, Guest::with(&shop, &cup, 5).await);
    assert_ne!(guest.token, other.token);
    assert_eq!(guest.put_in_cart(&cup, 1).await.total.amount, 1_000);
    let answer = guest.look_into_cart().await.expect(200);
    assert_eq!(answer.header("cart-token"), Some(&*guest.token));
    shop.client().get("/shopping/cart").await.problem(401);
    assert!(guest.clear_cart().await.items.is_empty());
    let pay = Shopper::paying("tok_ok");
    shop.client().post("/shopping/orders", &pay).header("Cart-Token", &other.token).await.problem(401);
}

#[tokio::test]
async fn a_guest_who_signs_in_takes_the_cart_along_once() {
    let shop = shop().await;
    let staff = shop.staff().await;
    let (cup, pot) =
        (staff.add(&ProductBody::named("Cup")).await, staff.add(&ProductBody::named("Pot")).await);
    let guest = Guest::with(&shop, &cup, 2).await;
    guest.put_in_cart(&pot, 1).await;
    let shopper = Shopper::sign_up(&shop).await;
    shopper.put_in_cart(&cup, 3).await;

    let token = json!({ "cart_token": guest.token });
    shop.client().post("/shopping/cart/merge", &token).await.problem(401);
    shopper.client.post("/shopping/cart/merge", &token).await.expect(200);
    let cart = shopper.cart().await;
    let mut lines: Vec<_> = cart.items.iter().map(|item| (&*item.product.name, item.quantity)).collect();
    lines.sort_unstable();
    assert_eq!(lines, [("Cup", 5), ("Pot", 1)]);
    guest.look_into_cart().await.problem(404);
    shopper.client.post("/shopping/cart/merge", &token).await.problem(404);
    assert_eq!(shopper.cart().await, cart, "a token that is spent adds nothing");
    let order = shopper.order("tok_ok").await;
    assert_eq!(order.total, cart.total);
}
