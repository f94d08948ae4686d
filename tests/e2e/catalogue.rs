//! Looking around: lists, searches, filters, pages.

use std::collections::HashSet;

use contracts::ProductId;
use serde_json::json;
use testkit::{
    Client, ProductBody,
    views::{Page, Product},
};

use crate::shop;

async fn names(client: &Client, query: &[(&str, &str)]) -> Vec<String> {
    let page: Page<Product> = client.get("/products/").query(query).await.expect(200).json();
    page.items.into_iter().map(|product| product.name).collect()
}

#[tokio::test]
async fn what_is_searched_for_is_found_and_nothing_else() {
    let shop = shop().await;
    let (staff, visitor) = (shop.staff().await, shop.client());
    staff.add(&ProductBody::named("Zebra lamp").category("lamps").cents(4_000)).await;
    staff.add(&ProductBody::named("Zebra lamp, small").category("lamps").cents(2_000).stock(0)).await;
    staff.add(&ProductBody::named("Ünder-table läntern").category("lamps").cents(3_000)).await;
    let chair = staff.add(&ProductBody::named("Zebra chair").category("chairs").cents(9_000)).await;

    let lamps = |more: &[(&'static str, &'static str)]| [&[("category", "lamps")], more].concat();
    assert_eq!(
        names(&visitor, &lamps(&[("sort", "price_asc")])).await,
        ["Zebra lamp, small", "Ünder-table läntern", "Zebra lamp"]
    );
    assert_eq!(
        names(&visitor, &lamps(&[("sort", "newest")])).await,
        ["Ünder-table läntern", "Zebra lamp, small", "Zebra lamp"]
    );
    assert_eq!(
        names(&visitor, &lamps(&[("q", "zeb"), ("sort", "price_desc")])).await,
        ["Zebra lamp", "Zebra lamp, small"]
    );
    assert_eq!(names(&visitor, &lamps(&[("in_stock", "true"), ("q", "zebra")])).await, ["Zebra lamp"]);
    assert_eq!(names(&visitor, &lamps(&[("in_stock", "false")])).await, ["Zebra lamp, small"]);
    assert_eq!(
        names(&visitor, &lamps(&[("min_price", "2001"), ("max_price", "3999")])).await,
        ["Ünder-table läntern"]
    );
    assert_eq!(names(&visitor, &[("q", "zebra chair")]).await, ["Zebra chair"]);
    for nothing in ["zebra' OR 1=1 --", "\"", "zebra AND", "*", "NEAR(zebra)", "(", "lamp:zebra", "💡"] {
        let found = names(&visitor, &[("q", nothing), ("category", "chairs")]).await;
        assert!(found.len() <= 1, "{nothing}: {found:?}");
    }

    let categories: serde_json::Value = visitor.get("/products/categories").await.expect(200).json();
    let categories = categories["items"].as_array().unwrap();
    assert!(categories.contains(&json!({ "name": "lamps", "products": 3 })), "{categories:?}");
    let in_category: Page<Product> =
        visitor.get("/products/category/chairs?sort=name").await.expect(200).json();
    assert_eq!(in_category.items, [chair]);
    visitor.get("/products/category/no-such-things").await.problem(404);
}

#[tokio::test]
async fn one_product_or_some_are_found_by_their_ids() {
    let shop = shop().await;
    let (staff, visitor) = (shop.staff().await, shop.client());
    let (one, other) =
        (staff.add(&ProductBody::named("One")).await, staff.add(&ProductBody::named("Other")).await);
    assert_eq!((one.stock, one.in_stock, one.price.amount), (100, true, 1_250));

    let found: Product = visitor.get(&format!("/products/{}", one.id)).await.expect(200).json();
    assert_eq!(found, one);
    let ids = json!({ "ids": [other.id, ProductId::new(), one.id, other.id] });
    let found: serde_json::Value = visitor.post("/products/ids", &ids).await.expect(200).json();
    let found: Vec<&str> =
        found["items"].as_array().unwrap().iter().filter_map(|item| item["name"].as_str()).collect();
    assert!(found.starts_with(&["Other", "One"]), "in the order asked for: {found:?}");
}

#[tokio::test]
async fn whoever_turns_the_pages_sees_each_product_once() {
    let shop = shop().await;
    let (staff, visitor) = (shop.staff().await, shop.client());
    let mut all = HashSet::new();
    for number in 0..23 {
        // Prices and names that are equal, so that only the ids tell some of them apart.
        let product = ProductBody::named(&format!("Tile {}", number % 5)).category("tiles");
        all.insert(staff.add(&product.cents(100 + number % 3)).await.id);
    }
    for sort in ["newest", "price_asc", "price_desc", "name"] {
        let (mut seen, mut after) = (Vec::new(), None::<String>);
        loop {
            let mut query = vec![("category", "tiles"), ("limit", "5"), ("sort", sort)];
            query.extend(after.as_deref().map(|after| ("after", after)));
            let page: Page<Product> = visitor.get("/products/").query(&query).await.expect(200).json();
            assert!(page.items.len() == 5 || page.next.is_none(), "only the last page is not full");
            seen.extend(page.items.iter().map(|product| product.id));
            if seen.len() == 10 {
                // What comes in meanwhile must not make the reader see anything twice, or miss it.
                let late = ProductBody::named("Tile 0").category("tiles").cents(100).stock(1);
                let late = staff.add(&late).await;
                staff.archive(late.id).await;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), all.len(), "by {sort}");
        assert_eq!(seen.into_iter().collect::<HashSet<_>>(), all, "by {sort}");
    }
}
