//! The routes for those who run a service.

use std::sync::Arc;

use serde_json::json;

use super::shop::{Check, Shop};

#[tokio::test]
async fn a_service_says_who_it_is_and_that_it_lives() {
    let shop = Shop::open("/products").await;
    let who = json!({"service": "products", "instance": "products-1", "version": env!("CARGO_PKG_VERSION")});
    assert_eq!(shop.get("/products/whoami").await, (200, who));
    assert_eq!(shop.get("/products/health/live").await, (200, json!({"status": "ok"})));
}

#[tokio::test]
async fn a_service_is_ready_if_every_check_passes() {
    let checks = json!({"status": "ready", "checks": {"store": "ok"}});
    assert_eq!(Shop::open("/").await.get("/health/ready").await, (200, checks));

    let shop = Shop::with_checks(
        "/",
        vec![Arc::new(Check("store", Ok(()))), Arc::new(Check("broker", Err("cannot be reached".into())))],
    )
    .await;
    let checks = json!({"status": "unready", "checks": {"store": "ok", "broker": "cannot be reached"}});
    assert_eq!(shop.get("/health/ready").await, (503, checks));
}

#[tokio::test]
async fn every_answer_is_counted_by_route_and_status() {
    let shop = Shop::open("/products").await;
    for path in ["/taken", "/7", "/panics"] {
        shop.get(&format!("/products{path}")).await;
    }
    shop.get("/elsewhere").await;
    let response = shop.client.get("/products/metrics").dispatch().await;
    let text = response.into_string().await.unwrap();
    for (service, route, status) in [
        ("products", "/taken", 409),
        ("products", "/<id>", 404),
        ("products", "/panics", 500),
        ("none", "unmatched", 404),
    ] {
        let labels = format!(r#"service="{service}",method="GET",route="{route}",status="{status}""#);
        assert!(text.contains(&format!("http_requests_total{{{labels}}}")), "{labels}\n{text}");
    }
    assert!(text.contains("http_request_duration_seconds_bucket{service=\"products\""), "{text}");
}

#[tokio::test]
async fn the_document_names_the_server_that_it_came_from() {
    for (prefix, url) in [("/products", "/products"), ("/", ".")] {
        let shop = Shop::open(prefix).await;
        let path = format!("{}/openapi.json", prefix.trim_end_matches('/'));
        let (status, document) = shop.get(&path).await;
        assert_eq!((status, &document["servers"][0]["url"]), (200, &json!(url)));
        let parameters = &document["paths"]["/{id}"]["get"]["parameters"];
        assert_eq!(parameters[0]["name"], "id", "{parameters}");
        assert_eq!(parameters.as_array().map(Vec::len), Some(1), "{parameters}");
        assert!(document["components"]["schemas"]["Problem"].is_object());
    }
}

#[tokio::test]
async fn the_documentation_opens_with_all_its_files_under_any_prefix() {
    for prefix in ["/", "/products"] {
        let shop = Shop::open(prefix).await;
        let base = prefix.trim_end_matches('/');
        let redirect = shop.client.get(format!("{base}/docs")).dispatch().await;
        assert_eq!(redirect.headers().get_one("Location"), Some("docs/"));

        let page = shop.client.get(format!("{base}/docs/")).dispatch().await;
        assert_eq!(page.content_type(), Some(rocket::http::ContentType::HTML));
        let page = page.into_string().await.unwrap();
        let files: Vec<&str> =
            page.split(['"', '\'']).filter_map(|quoted| quoted.strip_prefix("./")).collect();
        assert!(files.len() >= 4, "{page}");
        for file in files {
            let response = shop.client.get(format!("{base}/docs/{file}")).dispatch().await;
            assert_eq!(response.status().code, 200, "{file}");
        }
        let script = shop.client.get(format!("{base}/docs/swagger-initializer.js")).dispatch().await;
        let script = script.into_string().await.unwrap();
        assert!(script.contains("\"../openapi.json\""), "{script}");
        assert_eq!(shop.get(&format!("{base}/docs/no-such-file.js")).await.0, 404);
    }
}
