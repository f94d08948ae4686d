//! What shoppers read.

use contracts::ProductId;
use rocket::http::Method;
use serde_json::{Value, json};

use super::{Front, moka_pot, with};

#[tokio::test]
async fn a_product_is_seen_as_it_was_added() {
    let front = Front::open().await;
    let path = front.added(&moka_pot()).await;
    let seen = front.get(&path).await;
    assert_eq!(seen.status, 200);
    let product = &seen.body;
    assert_eq!(path, format!("/products/{}", product["id"].as_str().unwrap()));
    assert_eq!((&product["name"], &product["stock"]), (&json!("Moka pot"), &json!(3)));
    assert_eq!(product["price"], json!({"amount": 2990, "currency": "EUR"}));
    assert_eq!((&product["in_stock"], &product["image_url"]), (&json!(true), &json!(null)));
    assert!(product.get("archived_at").is_none());
}

#[tokio::test]
async fn what_names_no_product_is_not_found() {
    let front = Front::open().await;
    for path in
        [format!("/products/{}", ProductId::new()), "/products/7".into(), "/products/category/none".into()]
    {
        assert_eq!(front.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(front.get("/products/category/%00").await.status, 404);
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let front = Front::open().await;
    for name in ["a", "b", "c"] {
        front.added(&with(moka_pot(), "name", name)).await;
    }
    for (sort, order) in [
        ("newest", ["c", "b", "a"]),
        ("name", ["a", "b", "c"]),
        ("price_asc", ["a", "b", "c"]),
        ("price_desc", ["c", "b", "a"]),
    ] {
        let first = front.get(&format!("/products?sort={sort}&limit=2")).await;
        let next = first.body["next"].as_str().unwrap();
        let second = front.get(&format!("/products?sort={sort}&limit=2&after={next}")).await;
        assert_eq!([first.names(), second.names()].concat(), order, "{sort}");
        assert_eq!(second.body["next"], json!(null));
    }
    assert_eq!(front.get("/products/").await.names(), ["c", "b", "a"]);
}

#[tokio::test]
async fn a_place_in_one_order_is_none_in_another() {
    let front = Front::open().await;
    for name in ["a", "b"] {
        front.added(&with(moka_pot(), "name", name)).await;
    }
    let page = front.get("/products?sort=name&limit=1").await;
    let next = page.body["next"].as_str().unwrap();
    for sort in ["newest", "price_asc", "price_desc"] {
        let answer = front.get(&format!("/products?sort={sort}&after={next}")).await;
        assert_eq!((answer.status, answer.fields()), (422, vec!["after"]), "{sort}");
    }
}

#[tokio::test]
async fn each_wrong_parameter_is_named() {
    let front = Front::open().await;
    let long = format!("q={}", "a".repeat(201));
    for (query, field) in [
        ("sort=best", "sort"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("after=nonsense", "after"),
        ("min_price=-1", "min_price"),
        ("max_price=9223372036854775807", "max_price"),
        ("min_price=2&max_price=1", "max_price"),
        ("in_stock=maybe", "in_stock"),
        ("archived=maybe", "archived"),
        ("category=No", "category"),
        ("q=%00", "q"),
        (&long, "q"),
    ] {
        let answer = front.get(&format!("/products?{query}")).await;
        assert_eq!((answer.status, answer.fields()), (422, vec![field]), "{query}");
    }
}

#[tokio::test]
async fn lists_are_narrowed_by_search_price_stock_and_category() {
    let front = Front::open().await;
    front.added(&moka_pot()).await;
    let rake = with(with(moka_pot(), "name", "Rake"), "category", "garden");
    front.added(&with(with(rake, "stock", 0), "price", json!({"amount": 500, "currency": "EUR"}))).await;
    for (path, names) in [
        ("/products?q=moka+hob", vec!["Moka pot"]),
        ("/products?q=%22%2A%28", vec![]),
        ("/products?in_stock=true", vec!["Moka pot"]),
        ("/products?in_stock=false", vec!["Rake"]),
        ("/products?max_price=500", vec!["Rake"]),
        ("/products?category=garden", vec!["Rake"]),
        ("/products/category/garden", vec!["Rake"]),
        ("/products/category/garden?in_stock=true", vec![]),
    ] {
        assert_eq!(front.get(path).await.names(), names, "{path}");
    }
    let categories = front.get("/products/categories").await.body;
    let expected = json!({"items": [{"name": "garden", "products": 1}, {"name": "kitchen", "products": 1}]});
    assert_eq!(categories, expected);
}

#[tokio::test]
async fn what_is_archived_is_listed_for_staff_alone() {
    let front = Front::open().await;
    for name in ["a", "b", "c"] {
        let path = front.added(&with(moka_pot(), "name", name)).await;
        front.staff(Method::Delete, &path, &Value::Null).await;
    }
    front.added(&moka_pot()).await;
    let (list, of_kitchen) = ("/products?archived=true", "/products/category/kitchen?archived=true");
    let customer = format!("Bearer {}", front.customer);
    for path in [list, of_kitchen] {
        let staff = async |more: &str| front.staff(Method::Get, &format!("{path}{more}"), &Value::Null).await;
        let first = staff("&limit=2").await;
        let next = first.body["next"].as_str().unwrap();
        let second = staff(&format!("&limit=2&after={next}")).await;
        assert_eq!([first.names(), second.names()].concat(), ["c", "b", "a"], "{path}");
        assert_eq!(second.body["next"], json!(null));
        assert!(second.body["items"][0]["archived_at"].is_string(), "{}", second.body);
        assert_eq!(staff("&sort=name").await.names(), ["a", "b", "c"]);
        assert_eq!(staff("&q=b").await.names(), ["b"]);
        assert_eq!(staff("&in_stock=true").await.names(), Vec::<&str>::new());
        for (token, status) in [(customer.as_str(), 403), ("Bearer garbage", 401)] {
            let refused = front.ask(Method::Get, path, &[("Authorization", token)], "").await;
            assert_eq!(refused.status, status, "{path}, {token}");
        }
        assert_eq!(front.get(path).await.status, 401);
    }
    for path in ["/products", "/products?archived=false", "/products/category/kitchen"] {
        assert_eq!(front.get(path).await.names(), ["Moka pot"], "{path}");
        let staffs = front.staff(Method::Get, path, &Value::Null).await;
        assert_eq!(staffs.names(), ["Moka pot"], "{path}");
    }
}

#[tokio::test]
async fn products_are_found_by_their_ids_in_the_order_asked_for() {
    let front = Front::open().await;
    let id = |path: String| path.trim_start_matches("/products/").to_owned();
    let (first, second) = (id(front.added(&moka_pot()).await), id(front.added(&moka_pot()).await));
    let json_body = [("Content-Type", "application/json")];
    let ask = async |ids: Value| {
        front.ask(Method::Post, "/products/ids", &json_body, json!({"ids": ids}).to_string()).await
    };
    let found = ask(json!([second, ProductId::new(), first, second])).await;
    let ids: Vec<_> = found.body["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    assert_eq!((found.status, ids), (200, vec![json!(second), json!(first)]));
    assert_eq!(ask(json!(vec![first.clone(); 101])).await.fields(), ["ids"]);
    assert_eq!(ask(json!(["7"])).await.fields(), ["ids[0]"]);
}
