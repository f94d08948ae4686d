//! Whatever is sent, the answer is a good one or a problem of the client's, which tells nothing of the inside.

use std::sync::LazyLock;

use proptest::prelude::*;
use rocket::{
    http::{ContentType, Header},
    local::asynchronous::LocalRequest,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::shop::{Shop, document};

struct World {
    runtime: Runtime,
    shop: Shop,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let shop = runtime.block_on(Shop::open("/products"));
    World { runtime, shop }
});

fn send<'c>(request: impl FnOnce(&'c Shop) -> LocalRequest<'c>) -> (u16, Value) {
    let request = request(&WORLD.shop);
    WORLD.runtime.block_on(async { document(request.dispatch().await).await })
}

/// JSON of any shape, with the fields of a product among its names.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,30}|[\\x00-\\x1f]{0,5}|EUR".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = "name|price|tags|amount|currency|\\PC{0,6}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn is_a_refusal((status, problem): &(u16, Value), among: &[u16]) -> Result<(), TestCaseError> {
    prop_assert!(among.contains(status), "{}: {}", status, problem);
    prop_assert_eq!(&problem["status"], &json!(status));
    prop_assert!(problem["title"].is_string() && problem["trace_id"].is_string(), "{}", problem);
    for inner in ["panicked", ".rs:", "src/", "rusqlite", "serde_json::"] {
        prop_assert!(!problem.to_string().contains(inner), "{}", problem);
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_product_is_read_as_it_was_written(name in "[a-zA-Z\u{c0}-\u{17f}]{1,20}", amount in 0..100_000_i64) {
        let body = json!({ "name": name, "price": { "amount": amount, "currency": "EUR" } }).to_string();
        let (status, answer) = send(|shop| shop.client.post("/products").header(ContentType::JSON).body(&body));
        prop_assert_eq!((status, &answer["name"]), (201, &json!(name)));
    }

    #[test]
    fn any_json_is_taken_or_refused(body in any_json()) {
        let text = body.to_string();
        let answer = send(|shop| shop.client.post("/products").header(ContentType::JSON).body(&text));
        if answer.0 != 201 {
            is_a_refusal(&answer, &[400, 422])?;
        }
    }

    #[test]
    fn any_bytes_are_refused(body in prop::collection::vec(any::<u8>(), 0..200), kind in "application/json|text/plain|[a-z]{0,5}/?[a-z+]{0,9}") {
        let answer = send(|shop| shop.client.post("/products").header(Header::new("Content-Type", kind.clone())).body(&body));
        is_a_refusal(&answer, &[400, 415, 422])?;
    }

    #[test]
    fn any_headers_are_taken_or_refused(authorization in "[ -~]{0,60}|Bearer [ -~]{0,60}", key in "[ -~]{0,300}", trace in "[ -~]{0,60}") {
        let asked = |path: &'static str| {
            send(|shop| {
                let request = shop.client.get(path).header(Header::new("Authorization", authorization.clone()));
                request.header(Header::new("traceparent", trace.clone()))
            })
        };
        is_a_refusal(&asked("/products/me"), &[401])?;
        is_a_refusal(&asked("/products/anybody"), &[401])?;
        let body = r#"{"name":"Kettle","price":{"amount":1250,"currency":"EUR"}}"#;
        let answer = send(|shop| {
            let request = shop.client.post("/products").header(ContentType::JSON);
            request.header(Header::new("Idempotency-Key", key.clone())).body(body)
        });
        if answer.0 != 201 {
            is_a_refusal(&answer, &[400])?;
        }
    }

    #[test]
    fn any_query_is_answered_or_refused(query in "[!-\"$-~]{0,60}|((limit|after)=[0-9A-Za-z%+_-]{0,20}&?){0,4}") {
        let uri = format!("/products?{query}");
        // What is no URI at all does not get as far as here: the server refuses it as it reads it.
        if rocket::http::uri::Origin::parse(&uri).is_ok() {
            let answer = send(|shop| shop.client.get(uri.clone()));
            if answer.0 != 200 {
                is_a_refusal(&answer, &[422])?;
            }
        }
    }

    #[test]
    fn any_path_is_found_or_is_not(path in "(/[a-zA-Z0-9%._~-]{0,12}){0,4}") {
        let uri = format!("/products/x{path}");
        if rocket::http::uri::Origin::parse(&uri).is_ok() {
            is_a_refusal(&send(|shop| shop.client.get(uri.clone())), &[404])?;
        }
    }
}
