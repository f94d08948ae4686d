//! What staff write.

use contracts::{OrderId, ProductId};
use rocket::http::Method;
use serde_json::{Value, json};

use super::{Answer, Front, moka_pot, with};

#[tokio::test]
async fn only_staff_write() {
    let front = Front::open().await;
    let path = front.added(&moka_pot()).await;
    let bearer = format!("Bearer {}", front.customer);
    for (method, path) in [
        (Method::Post, "/products".to_owned()),
        (Method::Post, "/products/import".to_owned()),
        (Method::Patch, path.clone()),
        (Method::Delete, path.clone()),
        (Method::Post, format!("{path}/stock")),
        (Method::Post, format!("{path}/restore")),
    ] {
        assert_eq!(front.ask(method, &path, &[], "{}").await.status, 401, "{method} {path}");
        let by_customer = front.ask(method, &path, &[("Authorization", &bearer)], "{}").await;
        assert_eq!(by_customer.status, 403, "{method} {path}");
    }
}

#[tokio::test]
async fn a_product_that_breaks_the_rules_is_refused_with_all_its_faults() {
    let front = Front::open().await;
    let wrong = with(with(moka_pot(), "name", " "), "image_url", "images/1.jpg");
    let answer = front.staff(Method::Post, "/products", &wrong).await;
    assert_eq!((answer.status, answer.fields()), (422, vec!["name", "image_url"]));
    for (field, value, named) in [
        ("stock", json!(-1), "stock"),
        ("stock", json!(1_000_001), "stock"),
        ("price", json!({"amount": 0, "currency": "EUR"}), "price.amount"),
        ("price", json!({"amount": 1, "currency": "eur"}), "price.currency"),
        ("price", json!({"amount": 1.5, "currency": "EUR"}), "price.amount"),
        ("description", json!("a\0b"), "description"),
        ("category", json!("Küche"), "category"),
    ] {
        let answer = front.staff(Method::Post, "/products", &with(moka_pot(), field, value.clone())).await;
        assert_eq!((answer.status, answer.fields()), (422, vec![named]), "{field}: {value}");
    }
}

#[tokio::test]
async fn a_repeated_request_creates_one_product() {
    let front = Front::open().await;
    let add = async |product: &Value| front.keyed(Method::Post, "/products", Some("key-1"), product).await;
    let (first, again) = (add(&moka_pot()).await, add(&moka_pot()).await);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!((first.location, first.body), (again.location, again.body));
    let other = add(&with(moka_pot(), "name", "Kettle")).await;
    assert_eq!(
        (other.status, &other.body["type"]),
        (409, &json!("urn:mercato:problem:idempotency-key-reused"))
    );
    assert_eq!(front.get("/products").await.names(), ["Moka pot"]);
}

#[tokio::test]
async fn a_revision_changes_what_it_names_and_null_takes_the_picture_away() {
    let front = Front::open().await;
    let path = front.added(&with(moka_pot(), "image_url", "https://images.example/1.jpg")).await;
    let revise = async |body: Value| front.staff(Method::Patch, &path, &body).await;
    let renamed = revise(json!({"name": " Kettle "})).await;
    assert_eq!((renamed.status, &renamed.body["name"]), (200, &json!("Kettle")));
    assert_eq!(renamed.body["image_url"], json!("https://images.example/1.jpg"));
    assert_eq!(revise(json!({"image_url": null})).await.body["image_url"], json!(null));
    assert_eq!(revise(json!({})).await.status, 422);
    assert_eq!(revise(json!({"unknown": 1})).await.status, 422);
    assert_eq!(revise(json!({"name": null})).await.fields(), ["name"]);
    assert_eq!(revise(json!({"price": {"amount": 0, "currency": "EUR"}})).await.fields(), ["price.amount"]);
    let dollars = revise(json!({"price": {"amount": 2_990, "currency": "USD"}})).await;
    assert_eq!((dollars.status, &dollars.body["type"]), (409, &json!("urn:mercato:problem:other-currency")));
    let dearer = revise(json!({"price": {"amount": 3_490, "currency": "EUR"}})).await;
    assert_eq!(dearer.body["price"], json!({"amount": 3_490, "currency": "EUR"}));
    let nowhere = format!("/products/{}", ProductId::new());
    let price = json!({"price": {"amount": 1, "currency": "EUR"}});
    assert_eq!(front.staff(Method::Patch, &nowhere, &price).await.status, 404);
    assert_eq!(front.staff(Method::Patch, &nowhere, &json!({"name": "Kettle"})).await.status, 404);
}

#[tokio::test]
async fn an_archived_product_is_there_for_staff_alone() {
    let front = Front::open().await;
    let path = front.added(&moka_pot()).await;
    for _ in 0..2 {
        assert_eq!(front.staff(Method::Delete, &path, &Value::Null).await.status, 204);
    }
    assert_eq!(front.get(&path).await.status, 404);
    let seen = front.staff(Method::Get, &path, &Value::Null).await;
    assert!(seen.status == 200 && seen.body["archived_at"].is_string(), "{}", seen.body);
    assert_eq!(seen.body["in_stock"], json!(false));
    let nowhere = format!("/products/{}", ProductId::new());
    assert_eq!(front.staff(Method::Delete, &nowhere, &Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_restored_product_is_there_for_everybody_as_it_was() {
    let front = Front::open().await;
    let path = front.added(&moka_pot()).await;
    let before = front.get(&path).await.body;
    let restore =
        async |path: &str| front.staff(Method::Post, &format!("{path}/restore"), &Value::Null).await;
    let untouched = restore(&path).await;
    assert_eq!((untouched.status, &untouched.body), (200, &before));

    front.staff(Method::Delete, &path, &Value::Null).await;
    let restored = restore(&path).await;
    assert_eq!(restored.status, 200);
    assert_ne!(restored.body["updated_at"], before["updated_at"]);
    assert_eq!(with(restored.body.clone(), "updated_at", before["updated_at"].clone()), before);
    assert_eq!(restore(&path).await.body, restored.body);
    assert_eq!(front.get(&path).await.body, restored.body);
    assert_eq!(front.get("/products").await.names(), ["Moka pot"]);
    for nowhere in [format!("/products/{}", ProductId::new()), "/products/7".into()] {
        assert_eq!(restore(&nowhere).await.status, 404, "{nowhere}");
    }
}

#[tokio::test]
async fn a_stock_is_adjusted_within_what_is_reserved() {
    let front = Front::open().await;
    let path = front.added(&moka_pot()).await;
    let stock = format!("{path}/stock");
    let adjust = async |key, body: Value| front.keyed(Method::Post, &stock, key, &body).await;
    for _ in 0..2 {
        let answer = adjust(Some("key-1"), json!({"adjust": 2, "reason": "found two"})).await;
        assert_eq!((answer.status, &answer.body["stock"]), (200, &json!(5)));
    }
    let id = path.trim_start_matches("/products/").parse().unwrap();
    front.shop.place(OrderId::new(), &[(id, 4)]).await;
    let refused = adjust(None, json!({"adjust": -2})).await;
    assert_eq!((refused.status, &refused.body["type"]), (409, &json!("urn:mercato:problem:stock-reserved")));
    let too_many = adjust(None, json!({"adjust": 1_000_000})).await;
    assert_eq!(
        (too_many.status, &too_many.body["type"]),
        (409, &json!("urn:mercato:problem:stock-too-high"))
    );
    assert_eq!(adjust(None, json!({"adjust": 0})).await.fields(), ["adjust"]);
    assert_eq!(adjust(None, json!({"adjust": 99_999_999_999_u64})).await.fields(), ["adjust"]);
    assert_eq!(adjust(None, json!({"adjust": 1, "reason": "x".repeat(201)})).await.fields(), ["reason"]);
    let nowhere = format!("/products/{}/stock", ProductId::new());
    assert_eq!(front.staff(Method::Post, &nowhere, &json!({"adjust": 1})).await.status, 404);
}

async fn import(front: &Front, content_type: &str, key: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {}", front.staff);
    let headers =
        [("Authorization", bearer.as_str()), ("Content-Type", content_type), ("Idempotency-Key", key)];
    front.ask(Method::Post, "/products/import", &headers, body).await
}

#[tokio::test]
async fn an_import_is_all_or_nothing_and_happens_once() {
    let front = Front::open().await;
    let ndjson = "application/x-ndjson";
    let good = moka_pot().to_string();
    let free = with(moka_pot(), "price", json!({"amount": 0, "currency": "EUR"})).to_string();
    let refused = import(&front, ndjson, "k", &format!("{good}\n{good}\n{free}\nnonsense\n")).await;
    assert_eq!((refused.status, refused.fields()), (422, vec!["line 3: price.amount", "line 4"]));
    assert_eq!(front.get("/products").await.names(), Vec::<&str>::new());
    for _ in 0..2 {
        let imported = import(&front, ndjson, "k", &format!("{good}\n{good}\n")).await;
        assert_eq!((imported.status, imported.body), (201, json!({"imported": 2})));
    }
    assert_eq!(front.get("/products").await.names().len(), 2);
    assert_eq!(import(&front, ndjson, "k", &good).await.status, 409);
}

#[tokio::test]
async fn an_import_takes_ndjson_of_up_to_8_mib() {
    let front = Front::open().await;
    let good = moka_pot().to_string();
    assert_eq!(import(&front, "application/json", "k", &good).await.status, 415);
    assert_eq!(
        import(&front, "application/x-ndjson", "k", &"\n".repeat(8 * 1024 * 1024 + 1)).await.status,
        413
    );
    let blank = "\n".repeat(8 * 1024 * 1024 - good.len());
    assert_eq!(import(&front, "application/x-ndjson", "k", &(good + &blank)).await.status, 201);
}
