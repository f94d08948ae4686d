//! Which path leads where, and what becomes of a request that goes wrong.

use contracts::ProductId;
use rocket::http::{ContentType, Header, Method};
use serde_json::json;

use super::shop::{Shop, document};
use crate::auth::Role;

#[tokio::test]
async fn a_slash_at_the_end_makes_no_difference() {
    for (prefix, path) in [("/products", "/products"), ("/", "")] {
        let shop = Shop::open(prefix).await;
        let id = ProductId::new();
        for (path, status) in [
            (format!("{path}/"), 200),
            (format!("{path}/?limit=2"), 200),
            (format!("{path}/{id}"), 200),
            (format!("{path}/{id}/"), 200),
            (format!("{path}/?limit=0"), 422),
        ] {
            assert_eq!(shop.get(&path).await.0, status, "{path}");
        }
    }
}

#[tokio::test]
async fn what_does_not_exist_is_404_as_a_problem_document() {
    let shop = Shop::open("/products").await;
    for path in ["/", "/elsewhere", "/products/7", "/products/nothing", "/products/a/b", "/products/%00"] {
        let response = shop.client.get(path).dispatch().await;
        assert_eq!(response.content_type(), Some(ContentType::new("application", "problem+json")));
        let id = response.headers().get_one("X-Request-Id").map(ToOwned::to_owned);
        let (status, problem) = document(response).await;
        assert_eq!((status, &problem["status"]), (404, &json!(404)), "{path}");
        assert_eq!(problem["trace_id"].as_str().map(ToOwned::to_owned), id, "{path}");
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_405() {
    let shop = Shop::open("/products").await;
    for (method, path, allow) in [
        (Method::Put, "/products/", "GET, HEAD, POST"),
        (Method::Options, "/products", "GET, HEAD, POST"),
        (Method::Post, "/products/018f0000-0000-7000-8000-000000000000", "DELETE, GET, HEAD"),
        (Method::Post, "/products/health/live", "GET, HEAD"),
        (Method::Post, "/products/me", "GET, HEAD"),
    ] {
        let response = shop.client.req(method, path).dispatch().await;
        assert_eq!(response.status().code, 405, "{method} {path}");
        assert_eq!(response.headers().get_one("Allow"), Some(allow));
    }
    let head = shop.client.head("/products").dispatch().await;
    assert_eq!(head.status().code, 200);
}

#[tokio::test]
async fn a_path_that_is_spelled_out_does_not_take_what_a_pattern_takes() {
    let shop = Shop::open("/products").await;
    let token = shop.signer.sign(&Shop::claims(Role::Staff)).unwrap();
    // `DELETE /<id>` fits it; but it is no id.
    let request =
        shop.client.delete("/products/me").header(Header::new("Authorization", format!("Bearer {token}")));
    let response = request.dispatch().await;
    assert_eq!((response.status().code, response.headers().get_one("Allow")), (405, Some("GET, HEAD")));
}

#[tokio::test]
async fn a_handlers_own_problem_is_sent_as_it_is() {
    let shop = Shop::open("/products").await;
    let (status, problem) = shop.get("/products/taken").await;
    assert_eq!((status, &problem["title"]), (409, &json!("It is taken")));
    assert_eq!(problem["type"], "urn:mercato:problem:taken");
}

#[tokio::test]
async fn a_panic_and_an_endless_wait_are_answered() {
    let shop = Shop::open("/products").await;
    let (status, problem) = shop.get("/products/panics").await;
    assert_eq!(status, 500);
    assert!(!problem.to_string().contains("on purpose"), "{problem}");
    assert_eq!(shop.get("/products/hangs").await.0, 504);
    assert_eq!(shop.get("/products/me").await.0, 401, "and it goes on");
}

#[tokio::test]
async fn a_trace_goes_on_where_its_parent_says() {
    let shop = Shop::open("/products").await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    for path in ["/products", "/products/taken", "/products/elsewhere/too"] {
        let parent = Header::new("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
        let response = shop.client.get(path).header(parent).dispatch().await;
        assert_eq!(response.headers().get_one("X-Request-Id"), Some(trace), "{path}");
    }
    let response = shop.client.get("/products").dispatch().await;
    assert_eq!(response.headers().get_one("X-Request-Id").map(str::len), Some(32));
}
