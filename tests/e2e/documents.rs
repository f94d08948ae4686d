//! What the shop says of itself.

use contracts::Service;
use reqwest::Url;
use serde_json::{Value, json};
use testkit::Shop;

use crate::shop;

/// The routes that the design promises, as the OpenAPI document of each service has to have them.
const ROUTES: [(Service, &[&str]); 4] = [
    (
        Service::Customer,
        &[
            "post /signup",
            "post /login",
            "post /token/refresh",
            "post /logout",
            "get /profile",
            "patch /profile",
            "delete /profile",
            "post /password",
            "get /addresses",
            "post /addresses",
            "put /addresses/{id}",
            "delete /addresses/{id}",
            "get /.well-known/jwks.json",
        ],
    ),
    (
        Service::Products,
        &[
            "get /",
            "post /",
            "get /categories",
            "get /category/{name}",
            "get /{id}",
            "patch /{id}",
            "delete /{id}",
            "post /ids",
            "post /{id}/restore",
            "post /{id}/stock",
            "post /import",
        ],
    ),
    (
        Service::Shopping,
        &[
            "get /cart",
            "post /cart",
            "delete /cart",
            "patch /cart/{product_id}",
            "delete /cart/{product_id}",
            "post /cart/merge",
            "get /wishlist",
            "post /wishlist",
            "delete /wishlist/{product_id}",
            "post /orders",
            "get /orders",
            "get /orders/{id}",
            "post /orders/{id}/cancel",
            "get /orders/{id}/timeline",
            "get /orders/{id}/events",
            "post /orders/{id}/ship",
            "post /orders/{id}/deliver",
            "post /orders/{id}/refund",
        ],
    ),
    (Service::Payment, &["get /payments/{order_id}"]),
];

#[tokio::test]
async fn each_service_describes_all_its_routes() {
    let shop = shop().await;
    for (service, routes) in ROUTES {
        let answer = shop.client().get(&format!("/{service}/openapi.json")).await.expect(200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let document: Value = answer.json();
        assert!(document["openapi"].as_str().unwrap().starts_with("3."), "{document}");
        // A relative server is relative to the document.
        let found = Url::parse(&format!("{}/{service}/openapi.json", shop.base_url())).unwrap();
        let server = found.join(document["servers"][0]["url"].as_str().unwrap()).unwrap();
        assert_eq!(server.path().trim_end_matches('/'), format!("/{service}"));
        let mut described = Vec::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let successes =
                    operation["responses"].as_object().unwrap().keys().filter(|it| it.starts_with('2'));
                assert!(successes.count() > 0, "{method} {path} never succeeds");
                described.push(format!("{method} {path}"));
            }
        }
        let (mut routes, mut described) =
            (routes.to_vec(), described.iter().map(|it| &**it).collect::<Vec<_>>());
        routes.sort_unstable();
        described.sort_unstable();
        assert_eq!(described, routes, "{service}");
    }
}

#[tokio::test]
async fn the_documentation_needs_nothing_from_the_internet() {
    let shop = shop().await;
    let client = shop.client();
    for service in Service::ALL {
        let redirect = client.get(&format!("/{service}/docs")).await.expect(307);
        assert_eq!(redirect.header("location"), Some("docs/"));
        let base = format!("/{service}/docs/");
        let page = client.get(&base).await.expect(200);
        assert!(page.header("content-type").unwrap().starts_with("text/html"));
        let files = references(&page.text());
        assert!(files.len() >= 3, "{files:?}");
        for file in &files {
            assert!(!file.contains("//"), "{file} is elsewhere");
            let asset = client.get(&format!("{base}{}", file.trim_start_matches("./"))).await.expect(200);
            assert!(asset.size() > 0, "{file} is empty");
        }
        assert!(files.iter().any(|file| file.contains("swagger-ui-bundle")), "{files:?}");
        client.get(&format!("{base}no-such-file.js")).await.problem(404);
        client.get(&format!("{base}../../../../etc/passwd")).await.problem(404);
    }
}

/// What a page has in its `src` and `href`.
pub fn references(page: &str) -> Vec<String> {
    let starts = ["src=\"", "href=\""];
    let after = starts.iter().flat_map(|start| page.split(start).skip(1));
    after.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn each_service_says_who_it_is_how_it_is_and_what_it_does() {
    let shop = shop().await;
    let client = shop.client();
    let mut instances = Vec::new();
    for service in Service::ALL {
        let at = |path: &str| client.get(&format!("/{service}{path}"));
        let who: Value = at("/whoami").await.expect(200).json();
        assert_eq!(who["service"], json!(service));
        instances.push(who["instance"].as_str().unwrap().to_owned());
        assert_eq!(at("/health/live").await.expect(200).json::<Value>()["status"], "ok");
        let ready: Value = at("/health/ready").await.expect(200).json();
        assert_eq!(ready["status"], "ready");
        assert!(ready["checks"].as_object().unwrap().values().all(|check| check == "ok"), "{ready}");
        assert!(ready["checks"]["store"].is_string() && ready["checks"]["broker"].is_string(), "{ready}");
    }
    assert!(instances.iter().all(|instance| !instance.is_empty()));
    metrics_count_by_route_and_not_by_what_is_sent(&shop, "service=\"products\"").await;
}

async fn metrics_count_by_route_and_not_by_what_is_sent(shop: &Shop, label: &str) {
    let client = shop.client();
    let metrics = shop.metrics(Service::Products).await.expect(200);
    assert!(metrics.header("content-type").expect("a type").starts_with("text/plain"));
    let text = metrics.text();
    assert!(text.lines().any(|line| line.starts_with("# TYPE")), "{text}");
    assert!(text.contains(label), "{text}");
    // What people send must not become labels: there would be no end of them.
    let wild = contracts::ProductId::new().to_string();
    client.get(&format!("/products/{wild}")).await.problem(404);
    client.get(&format!("/nowhere/{wild}")).await.problem(404);
    assert!(!shop.metrics(Service::Products).await.expect(200).text().contains(&wild));
}
