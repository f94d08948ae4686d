//! `/profile`

use contracts::{
    Currency, Money, Service,
    rpc::{CartView, CustomerOverview, ShoppingOverview},
};
use platform::messaging::{RpcError, RpcRouter};
use rocket::http::{Method, Status};
use serde_json::json;

use crate::service::{PASSWORD, Shop};

#[tokio::test]
async fn a_profile_changes_in_what_is_mentioned() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let patch =
        async |body| shop.send(Method::Patch, "/profile", ada.text("access_token"), "", Some(body)).await;
    let named = patch(json!({ "name": " Ada ", "phone": "123" })).await;
    assert_eq!((named.text("name"), named.text("phone"), named.text("role")), ("Ada", "123", "customer"));
    let email = "Lovelace@example.com";
    let cleared = patch(json!({ "phone": null, "email": email, "current_password": PASSWORD })).await;
    assert_eq!((cleared.text("name"), cleared.text("email")), ("Ada", "lovelace@example.com"));
    assert!(cleared.body["phone"].is_null());
    assert_eq!(shop.log_in("lovelace@example.com", PASSWORD).await.status, Status::Ok);
    for (body, fault) in [(json!({ "email": null }), "email"), (json!({ "unknown": 1 }), "unknown")] {
        let refused = patch(body).await;
        assert_eq!((refused.status, refused.faults()), (Status::UnprocessableEntity, vec![fault]));
    }
}

#[tokio::test]
async fn a_token_alone_does_not_change_the_email() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let token = ada.text("access_token");
    let patch = async |body| shop.send(Method::Patch, "/profile", token, "", Some(body)).await;
    for password in [None, Some("another password")] {
        let refused = patch(json!({ "email": "eve@example.com", "current_password": password })).await;
        assert_eq!(
            (refused.status, refused.faults()),
            (Status::UnprocessableEntity, vec!["current_password"])
        );
    }
    let refused = patch(json!({ "email": "eve@example.com" })).await;
    assert_eq!((refused.status, refused.faults()), (Status::UnprocessableEntity, vec!["current_password"]));
    assert_eq!(shop.get("/profile", token).await.text("email"), "ada@example.com");
    // A guess counts as one at the login.
    for _ in 0..4 {
        patch(json!({ "email": "eve@example.com", "current_password": "another password" })).await;
    }
    let waits = patch(json!({ "email": "eve@example.com", "current_password": PASSWORD })).await;
    assert_eq!(waits.status, Status::TooManyRequests);
}

#[tokio::test]
async fn somebody_elses_email_is_taken() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    shop.sign_up("eve@example.com").await;
    let body = json!({ "email": "EVE@example.com", "current_password": PASSWORD });
    let answer = shop.send(Method::Patch, "/profile", ada.text("access_token"), "", Some(body)).await;
    assert_eq!(answer.status, Status::Conflict);
}

#[tokio::test]
async fn who_is_gone_is_gone_at_once_and_may_come_back() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let gone = shop.send(Method::Delete, "/profile", ada.text("access_token"), "", None).await;
    assert_eq!(gone.status, Status::NoContent);
    assert_eq!(shop.get("/profile", ada.text("access_token")).await.status, Status::Unauthorized);
    assert_eq!(shop.refresh(ada.text("refresh_token")).await.status, Status::Unauthorized);
    assert_eq!(shop.log_in("ada@example.com", PASSWORD).await.status, Status::Unauthorized);
    assert_eq!(shop.events().await, ["customer.deleted.v1"]);
    let again = shop.sign_up("ada@example.com").await;
    assert_ne!(again.text("id"), ada.text("id"));
}

#[tokio::test]
async fn what_shopping_knows_is_added_if_it_is_asked_for() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let token = ada.text("access_token");
    let alone = shop.get("/profile?include=shopping", token).await;
    assert_eq!(alone.status, Status::ServiceUnavailable);
    assert_eq!(shop.get("/profile?include=secrets", token).await.status, Status::UnprocessableEntity);

    shop.answering(RpcRouter::new(Service::Shopping).on(|_: CustomerOverview| async {
        let cart = CartView { items: vec![], total: Money::new(0, Currency::EUR) };
        Ok::<_, RpcError>(ShoppingOverview { cart, wishlist: vec![], orders: vec![] })
    }));
    // The router takes its place in a task of its own.
    let mut answer = shop.get("/profile?include=shopping", token).await;
    for _ in 0..1_000 {
        if answer.status == Status::Ok {
            break;
        }
        tokio::task::yield_now().await;
        answer = shop.get("/profile?include=shopping", token).await;
    }
    assert_eq!(answer.body["shopping"]["cart"]["total"]["amount"], 0, "{}", answer.body);
    assert!(shop.get("/profile", token).await.body.get("shopping").is_none());
}

#[tokio::test]
async fn a_profile_needs_somebody_signed_in() {
    let shop = Shop::new().await;
    for (method, body) in [(Method::Get, None), (Method::Patch, Some(json!({}))), (Method::Delete, None)] {
        assert_eq!(shop.send(method, "/profile", "", "", body).await.status, Status::Unauthorized);
    }
}
