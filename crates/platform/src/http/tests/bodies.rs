//! What is read from bodies, queries and headers.

use rocket::http::{ContentType, Header};
use serde_json::{Value, json};

use super::shop::{Shop, document};

async fn post(shop: &Shop, content_type: ContentType, body: impl AsRef<[u8]>) -> (u16, Value) {
    let request = shop.client.post("/products").header(content_type).body(body);
    document(request.dispatch().await).await
}

fn fields(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| error["field"].as_str().unwrap()).collect()
}

const GOOD: &str = r#"{"name":"Kettle","price":{"amount":1250,"currency":"EUR"}}"#;

#[tokio::test]
async fn a_good_body_is_taken() {
    let shop = Shop::open("/products").await;
    for content_type in [ContentType::JSON, ContentType::new("application", "merge-patch+json")] {
        let (status, answer) = post(&shop, content_type, GOOD).await;
        assert_eq!((status, &answer["name"]), (201, &json!("Kettle")));
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_415() {
    let shop = Shop::open("/products").await;
    for content_type in [ContentType::Plain, ContentType::Form] {
        assert_eq!(post(&shop, content_type, GOOD).await.0, 415);
    }
    let untyped = shop.client.post("/products").body(GOOD).dispatch().await;
    assert_eq!(document(untyped).await.0, 415);
}

#[tokio::test]
async fn a_body_above_the_limit_is_413() {
    let shop = Shop::open("/products").await;
    let body = |length: usize| format!("{GOOD}{}", " ".repeat(length - GOOD.len()));
    assert_eq!(post(&shop, ContentType::JSON, body(64 * 1024)).await.0, 201);
    let (status, problem) = post(&shop, ContentType::JSON, body(64 * 1024 + 1)).await;
    assert_eq!(status, 413);
    assert_eq!(problem["detail"], "The body may be up to 65536 bytes long.");
}

#[tokio::test]
async fn a_body_that_is_not_json_is_400() {
    let shop = Shop::open("/products").await;
    let deep = "[".repeat(1000);
    for body in [&b""[..], b" \n", b"\xff\xfe", b"{\"name\":", b"{} {}", deep.as_bytes()] {
        let (status, problem) = post(&shop, ContentType::JSON, body).await;
        assert_eq!((status, &problem["type"]), (400, &json!("about:blank")), "{body:?}");
    }
    let (_, problem) = post(&shop, ContentType::JSON, "{\n\"name\": nonsense}").await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("line 2 column"), "{detail}");
}

#[tokio::test]
async fn a_body_of_another_shape_is_422_and_names_the_field() {
    let shop = Shop::open("/products").await;
    let money = json!({"amount": 1, "currency": "EUR"});
    for (body, field) in [
        (json!("Kettle"), ""),
        (json!({"price": money}), "name"),
        (json!({"name": "Kettle", "price": {"currency": "EUR"}}), "price.amount"),
        (json!({"name": "Kettle", "price": {"amount": "1", "currency": "EUR"}}), "price.amount"),
        (json!({"name": "Kettle", "price": {"amount": 1, "currency": "euro"}}), "price.currency"),
        (json!({"name": "Kettle", "price": money, "tags": ["a", 1]}), "tags[1]"),
        (json!({"name": "Kettle", "price": money, "colour": "red"}), "colour"),
    ] {
        let (status, problem) = post(&shop, ContentType::JSON, body.to_string()).await;
        assert_eq!(status, 422, "{body}");
        assert_eq!(fields(&problem), [field], "{body}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_rules_is_422_and_names_them_all() {
    let shop = Shop::open("/products").await;
    let body = json!({"name": " ", "price": {"amount": 1, "currency": "EUR"}, "tags": ["a", "b", "c"]});
    let (status, problem) = post(&shop, ContentType::JSON, body.to_string()).await;
    assert_eq!(status, 422);
    assert_eq!(fields(&problem), ["name", "tags"]);
    assert_eq!(problem["type"], "urn:mercato:problem:invalid-fields");
}

#[tokio::test]
async fn a_nul_in_any_string_is_422() {
    let shop = Shop::open("/products").await;
    let body = r#"{"name":"Kettle","price":{"amount":1,"currency":"EUR"},"tags":["a","b\u0000"]}"#;
    let (status, problem) = post(&shop, ContentType::JSON, body).await;
    assert_eq!(status, 422);
    assert_eq!(fields(&problem), ["tags[1]"]);
    assert_eq!(shop.get("/products?after=%00").await.0, 422);
}

#[tokio::test]
async fn a_list_is_read_to_its_end_page_by_page() {
    let shop = Shop::open("/products").await;
    let (mut seen, mut path) = (0, "/products?limit=20".to_owned());
    loop {
        let (status, page) = shop.get(&path).await;
        assert_eq!(status, 200);
        seen += page["items"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/products?limit=20&after={next}");
    }
    assert_eq!(seen, 50);
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_422_and_names_the_field() {
    let shop = Shop::open("/products").await;
    for (query, field) in [("limit=0", "limit"), ("limit=x", "limit"), ("after=nonsense", "after")] {
        let (status, problem) = shop.get(&format!("/products?{query}")).await;
        assert_eq!(status, 422, "{query}");
        assert_eq!(fields(&problem), [field], "{query}");
    }
}

#[tokio::test]
async fn an_idempotency_key_may_be_absent_and_may_not_be_malformed() {
    let shop = Shop::open("/products").await;
    for (key, expected) in [
        (None, (201, Value::Null)),
        (Some("\"k-1\""), (201, json!("k-1"))),
        (Some("k 1"), (400, Value::Null)),
        (Some(""), (400, Value::Null)),
    ] {
        let mut request = shop.client.post("/products").header(ContentType::JSON).body(GOOD);
        if let Some(key) = key {
            request.add_header(Header::new("Idempotency-Key", key));
        }
        let (status, answer) = document(request.dispatch().await).await;
        assert_eq!((status, answer["key"].clone()), expected, "{key:?}");
    }
}
