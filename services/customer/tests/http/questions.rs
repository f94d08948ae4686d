//! What other services ask.

use contracts::{
    AddressId, CustomerId,
    rpc::{FindAddress, PublicKeys, Rpc},
};
use rocket::http::Status;
use serde_json::json;

use crate::service::Shop;

/// The router takes its place in a task of its own.
async fn ask<Q: Rpc>(shop: &Shop, question: &Q) -> Q::Reply {
    for _ in 0..1_000 {
        if let Ok(answer) = shop.rpc.ask(question).await {
            return answer;
        }
        tokio::task::yield_now().await;
    }
    panic!("no answer");
}

#[tokio::test]
async fn the_keys_are_the_same_by_http_and_by_question() {
    let shop = Shop::new().await;
    let keys = ask(&shop, &PublicKeys {}).await;
    let answer = shop.get("/.well-known/jwks.json", "").await;
    assert_eq!(answer.status, Status::Ok);
    assert_eq!(answer.body, json!(keys));
    assert_eq!((&*keys.keys[0].kty, &*keys.keys[0].alg), ("OKP", "EdDSA"));
}

#[tokio::test]
async fn an_address_is_told_for_its_owner_alone() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let body =
        json!({ "street": "12 Harbour Street", "postal_code": "20095", "city": "Hamburg", "country": "DE" });
    let added = shop.post("/addresses", ada.text("access_token"), body.clone()).await;
    let address_id: AddressId = added.text("id").parse().unwrap();
    let customer_id: CustomerId = ada.text("id").parse().unwrap();
    let found = ask(&shop, &FindAddress { customer_id, address_id }).await;
    assert_eq!(json!(found.address), body);
    let found = ask(&shop, &FindAddress { customer_id: CustomerId::new(), address_id }).await;
    assert_eq!(found.address, None);
}
