//! `/addresses`

use rocket::http::{Method, Status};
use serde_json::{Value, json};

use crate::service::Shop;

fn address(street: &str) -> Value {
    json!({ "street": street, "postal_code": "20095", "city": "Hamburg", "country": "DE" })
}

#[tokio::test]
async fn an_address_is_added_replaced_and_removed() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let token = ada.text("access_token");
    let added = shop.post("/addresses", token, address(" 12 Harbour Street ")).await;
    assert_eq!((added.status, added.text("street")), (Status::Created, "12 Harbour Street"));
    let path = format!("/addresses/{}", added.text("id"));
    assert_eq!(added.location, Some(format!("/customer{path}")));

    let replaced = shop.send(Method::Put, &path, token, "", Some(address("1 Hill Road"))).await;
    assert_eq!((replaced.status, replaced.text("street")), (Status::Ok, "1 Hill Road"));
    let list = shop.get("/addresses", token).await;
    assert_eq!(list.body, json!({ "items": [replaced.body], "next": null }));
    for status in [Status::NoContent, Status::NotFound] {
        assert_eq!(shop.send(Method::Delete, &path, token, "", None).await.status, status);
    }
}

#[tokio::test]
async fn somebody_elses_address_is_not_there() {
    let shop = Shop::new().await;
    let (ada, eve) = (shop.sign_up("ada@example.com").await, shop.sign_up("eve@example.com").await);
    let added = shop.post("/addresses", ada.text("access_token"), address("1")).await;
    for path in [format!("/addresses/{}", added.text("id")), "/addresses/nonsense".to_owned()] {
        for (method, body) in [(Method::Put, Some(address("2"))), (Method::Delete, None)] {
            let answer = shop.send(method, &path, eve.text("access_token"), "", body).await;
            assert_eq!(answer.status, Status::NotFound, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_list_goes_on_where_it_stopped() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let token = ada.text("access_token");
    for street in ["1", "2", "3"] {
        shop.post("/addresses", token, address(street)).await;
    }
    let first = shop.get("/addresses?limit=2", token).await;
    let second = shop.get(&format!("/addresses?limit=2&after={}", first.text("next")), token).await;
    assert_eq!(first.body["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(second.body["items"][0]["street"], "3");
    assert!(second.body["next"].is_null());
    for query in ["limit=0", "limit=101", "after=nonsense"] {
        let wrong = shop.get(&format!("/addresses?{query}"), token).await;
        assert_eq!(wrong.status, Status::UnprocessableEntity, "{query}");
    }
}

#[tokio::test]
async fn a_repeated_request_adds_one_address() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let add = async |street| {
        shop.send(Method::Post, "/addresses", ada.text("access_token"), "k", Some(address(street))).await
    };
    let (first, again, other) = (add("1").await, add("1").await, add("2").await);
    assert_eq!((first.status, first.body), (again.status, again.body));
    assert_eq!(other.status, Status::Conflict);
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let body = json!({
        "name": "x".repeat(101), "street": " ", "postal_code": "x".repeat(21), "city": "a\nb", "country": "de",
    });
    let answer = shop.post("/addresses", ada.text("access_token"), body).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert_eq!(answer.faults(), ["name", "street", "postal_code", "city", "country"]);
}
