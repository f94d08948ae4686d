//! The page at `/`, which the shop in one process and the gateway show alike.

use contracts::Service;

use crate::{documents::references, shop};

#[tokio::test]
async fn the_front_page_leads_to_every_service() {
    let shop = shop().await;
    let page = shop.client().get("/").await.expect(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let links = references(&page.text());
    for service in Service::ALL {
        assert!(links.contains(&format!("/{service}/docs/")), "{links:?}");
    }
    for link in links {
        shop.client().get(&link).await.expect(200);
    }
}
