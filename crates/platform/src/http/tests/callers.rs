//! Who may do what.

use std::time::Duration;

use contracts::{ProductId, Timestamp};
use rocket::http::{Header, Method};
use serde_json::Value;

use super::shop::{Shop, document};
use crate::auth::Role;

async fn ask(shop: &Shop, method: Method, path: String, authorization: &str) -> (u16, Value) {
    let header = Header::new("Authorization", authorization.to_owned());
    let request = shop.client.req(method, path).header(header);
    document(request.dispatch().await).await
}

#[tokio::test]
async fn a_route_for_callers_wants_a_token() {
    let shop = Shop::open("/products").await;
    let claims = Shop::claims(Role::Customer);
    let token = shop.signer.sign(&claims).unwrap();
    let me = || "/products/me".to_owned();
    let (status, id) = ask(&shop, Method::Get, me(), &format!("bearer {token}")).await;
    assert_eq!((status, id), (200, claims.sub.to_string().into()));

    let response = shop.client.get(me()).dispatch().await;
    assert_eq!(response.headers().get_one("WWW-Authenticate"), Some("Bearer"));
    assert_eq!(document(response).await.0, 401);
    for wrong in ["Bearer", "Bearer x.y.z", "Basic YTpi", &token] {
        assert_eq!(ask(&shop, Method::Get, me(), wrong).await.0, 401, "{wrong}");
    }
}

#[tokio::test]
async fn each_way_for_a_token_to_be_no_good_is_told_apart() {
    let shop = Shop::open("/products").await;
    let mut expired = Shop::claims(Role::Customer);
    expired.exp = expired.iat - 1;
    let revoked = Shop::claims(Role::Customer);
    let until = Timestamp::now() + Duration::from_secs(900);
    shop.context.auth.revocations().revoke_customer(revoked.sub, until);
    for (claims, word) in [(expired, "expired"), (revoked, "revoked")] {
        let bearer = format!("Bearer {}", shop.signer.sign(&claims).unwrap());
        let (status, problem) = ask(&shop, Method::Get, "/products/me".into(), &bearer).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(status == 401 && detail.contains(word), "{detail}");
    }
}

#[tokio::test]
async fn a_route_for_anybody_takes_no_token_but_not_a_bad_one() {
    let shop = Shop::open("/products").await;
    assert_eq!(shop.get("/products/anybody").await, (200, false.into()));
    let (status, _) = ask(&shop, Method::Get, "/products/anybody".into(), "Bearer bad").await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn a_route_for_staff_is_forbidden_to_customers() {
    let shop = Shop::open("/products").await;
    for (role, expected) in [(Role::Customer, 403), (Role::Staff, 200)] {
        let bearer = format!("Bearer {}", shop.signer.sign(&Shop::claims(role)).unwrap());
        let path = format!("/products/{}", ProductId::new());
        let (status, _) = ask(&shop, Method::Delete, path, &bearer).await;
        assert_eq!(status, expected);
    }
}
