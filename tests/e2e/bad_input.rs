//! Whatever is sent, the answer is a problem that says what was wrong, and nothing has changed.

use contracts::{AddressId, OrderId, ProductId};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{
    AddressBody, Client, ProductBody, Shape, Shopper, Staff,
    client::Call,
    views::{Address, Product},
};

use crate::shop;

/// People who send nonsense, and what it is about.
struct Scene {
    anybody: Client,
    shopper: Shopper,
    staff: Staff,
    cup: Product,
    address: Address,
    order: OrderId,
}

impl Scene {
    async fn set(shop: &testkit::Shop) -> Self {
        let (staff, shopper) = (shop.staff().await, Shopper::sign_up(shop).await);
        let cup = staff.add(&ProductBody::named("Cup")).await;
        let address = shopper.client.post("/customer/addresses", &AddressBody::in_city("Hamburg")).await;
        let order = shopper.buy(&cup, 1, "tok_ok").await.id;
        shopper.order_ends(order).await;
        staff.order_is_paid(order).await;
        shopper.put_in_cart(&cup, 2).await;
        let address = address.expect(201).json();
        Self { anybody: shop.client(), shopper, staff, cup, address, order }
    }

    /// All that could have been changed.
    async fn state(&self) -> Vec<Value> {
        let mut state = Vec::new();
        for path in [
            "/customer/profile?include=shopping".to_owned(),
            "/customer/addresses?limit=100".to_owned(),
            "/shopping/cart".to_owned(),
            "/shopping/orders?limit=100".to_owned(),
            format!("/shopping/orders/{}/timeline", self.order),
        ] {
            state.push(self.shopper.client.get(&path).await.expect(200).json());
        }
        for path in [
            "/products/?limit=100".to_owned(),
            "/products/categories".to_owned(),
            format!("/products/{}", self.cup.id),
            "/shopping/orders?everyone=true&limit=100".to_owned(),
            format!("/payment/payments/{}", self.order),
        ] {
            state.push(self.staff.client.get(&path).await.expect(200).json());
        }
        state
    }
}

/// What is sent, and the status that it has to have.
type Cases = Vec<(u16, Call)>;

async fn expect_refusals(cases: fn(&Scene) -> Cases) {
    let shop = shop().await;
    let scene = Scene::set(&shop).await;
    let before = scene.state().await;
    for (status, call) in cases(&scene) {
        let problem = call.await.problem(status);
        let told = problem.detail.unwrap_or_default()
            + &problem.errors.iter().map(|it| &*it.message).collect::<String>();
        for inner in ["SELECT", "INSERT", "sqlite", "panicked", ".rs:", "rusqlite", "src/"] {
            assert!(!told.contains(inner), "{told}");
        }
        assert_eq!(status == 422, !problem.errors.is_empty(), "a 422 names the fields: {told}");
    }
    assert_eq!(scene.state().await, before);
    assert!(!shop.log().contains("panicked"), "{}", shop.log());
    shop.audit().await.expect_clean();
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused() {
    expect_refusals(|scene| {
        let mut cases = Cases::new();
        let routes = [
            (&scene.anybody, Method::POST, "/customer/signup".to_owned()),
            (&scene.anybody, Method::POST, "/customer/login".to_owned()),
            (&scene.anybody, Method::POST, "/products/ids".to_owned()),
            (&scene.shopper.client, Method::PATCH, "/customer/profile".to_owned()),
            (&scene.shopper.client, Method::PUT, format!("/customer/addresses/{}", scene.address.id)),
            (&scene.shopper.client, Method::POST, "/shopping/cart".to_owned()),
            (&scene.shopper.client, Method::PATCH, format!("/shopping/cart/{}", scene.cup.id)),
            (&scene.shopper.client, Method::POST, "/shopping/orders".to_owned()),
            (&scene.staff.client, Method::POST, "/products/".to_owned()),
            (&scene.staff.client, Method::PATCH, format!("/products/{}", scene.cup.id)),
            (&scene.staff.client, Method::POST, format!("/products/{}/stock", scene.cup.id)),
        ];
        for (client, method, path) in routes {
            let send = || client.call(method.clone(), &path);
            let json = |body: &[u8]| send().body("application/json", body.to_vec());
            cases.extend([
                (400, json(b"{")),
                (400, json(b"")),
                (400, json(b"not json")),
                (400, json(b"{\"a\":1}{\"a\":1}")),
                (400, json(b"\xff\xfe{}")),
                (400, json(b"{\"name\":\"\xc3\x28\"}")),
                (400, json("[".repeat(10_000).as_bytes())),
                (413, json(format!("{{\"a\":\"{}\"}}", "x".repeat(66_000)).as_bytes())),
                (415, send().body("text/plain", "{}")),
                (415, send().body("application/x-www-form-urlencoded", "a=b")),
                (415, send().bare_body("{}")),
                (422, json(b"[]")),
                (422, json(b"7")),
                (422, json(b"null")),
            ]);
        }
        let import = |kind: &str, body: &[u8]| {
            (scene.staff.client.call(Method::POST, "/products/import")).body(kind, body.to_vec())
        };
        cases.extend([
            (415, import("application/json", b"{}")),
            (400, import("application/x-ndjson", b"\xff\xff\n")),
            (422, import("application/x-ndjson", b"")),
            (422, import("application/x-ndjson", b"{}\n{\n[]\n")),
        ]);
        cases
    })
    .await;
}

#[tokio::test]
async fn fields_that_make_no_sense_are_refused_by_name() {
    expect_refusals(|scene| {
        [accounts, carts_and_orders, catalogue].into_iter().flat_map(|cases| cases(scene)).collect()
    })
    .await;
}

fn accounts(scene: &Scene) -> Cases {
    let (long, anybody, client) = ("x".repeat(10_000), &scene.anybody, &scene.shopper.client);
    let signups = [
        json!({}),
        json!({ "email": "a@b.example" }),
        json!({ "email": 7, "password": "long enough" }),
        json!({ "email": "nobody", "password": "long enough" }),
        json!({ "email": "a@b@c", "password": "long enough" }),
        json!({ "email": "a\u{0}@b.example", "password": "long enough" }),
        json!({ "email": format!("{long}@b.example"), "password": "long enough" }),
        json!({ "email": "a@b.example", "password": "short" }),
        json!({ "email": "a@b.example", "password": long }),
        json!({ "email": "a@b.example", "password": ["long", "enough"] }),
        json!({ "email": "a@b.example", "password": "long enough", "name": long }),
        json!({ "email": "a@b.example", "password": "long enough", "name": "two\nlines" }),
        json!({ "email": "a@b.example", "password": "long enough", "phone": "\u{0}" }),
    ];
    let good = json!(AddressBody::in_city("Hamburg"));
    let address = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let addresses = [
        json!({}),
        address("street", json!("")),
        address("street", json!("   ")),
        address("street", json!(long)),
        address("street", json!("a\u{0}b")),
        address("city", json!("two\nlines")),
        address("postal_code", json!(20_095)),
        address("country", json!("Germany")),
        address("country", json!("de")),
        address("name", json!(long)),
    ];
    let profiles = [
        json!({ "email": "nobody" }),
        json!({ "email": null }),
        json!({ "name": long }),
        json!({ "phone": 7 }),
    ];
    let mut cases = Cases::new();
    cases.extend(signups.iter().map(|body| (422, anybody.post("/customer/signup", body))));
    cases.extend(addresses.iter().map(|body| (422, client.post("/customer/addresses", body))));
    let path = format!("/customer/addresses/{}", scene.address.id);
    cases.extend(addresses.iter().map(|body| (422, client.put(&path, body))));
    cases.extend(profiles.iter().map(|body| (422, client.patch("/customer/profile", body))));
    cases
}

fn carts_and_orders(scene: &Scene) -> Cases {
    let client = &scene.shopper.client;
    let quantities = [
        json!(0),
        json!(-1),
        json!(1.5),
        json!("two"),
        json!(null),
        json!(1_001),
        json!(999),
        json!(4_294_967_296_i64),
        json!(1e300),
        json!([1]),
    ];
    let mut cases = Cases::new();
    for quantity in &quantities {
        let body = json!({ "product_id": scene.cup.id, "quantity": quantity });
        cases.push((422, client.post("/shopping/cart", &body)));
        if *quantity != json!(999) {
            let line = format!("/shopping/cart/{}", scene.cup.id);
            cases.push((422, client.patch(&line, &json!({ "quantity": quantity }))));
        }
    }
    for product in [json!("cup"), json!(7), json!(null), json!(ProductId::new()), json!("\u{0}")] {
        cases.push((422, client.post("/shopping/cart", &json!({ "product_id": product, "quantity": 1 }))));
        cases.push((422, client.post("/shopping/wishlist", &json!({ "product_id": product }))));
    }
    for token in [
        json!(""),
        json!(" "),
        json!("tok ok"),
        json!("tök"),
        json!("x".repeat(201)),
        json!(1),
        json!("\u{0}"),
    ] {
        cases.push((422, client.post("/shopping/orders", &json!({ "payment": { "token": token } }))));
    }
    for order in [
        json!({}),
        json!({ "payment": "tok_ok" }),
        json!({ "payment": { "token": "tok_ok" }, "address_id": "home" }),
        json!({ "payment": { "token": "tok_ok" }, "address_id": AddressId::new() }),
        json!({ "payment": { "token": "tok_ok" }, "expected_total": 5 }),
        json!({ "payment": { "token": "tok_ok" }, "expected_total": { "amount": 1, "currency": "euro" } }),
    ] {
        cases.push((422, client.post("/shopping/orders", &order)));
    }
    cases
}

fn catalogue(scene: &Scene) -> Cases {
    let (long, staff) = ("x".repeat(10_000), &scene.staff.client);
    let price = |amount: Value| json!({ "amount": amount, "currency": "EUR" });
    let fields = [
        ("name", json!("")),
        ("name", json!(long)),
        ("name", json!("a\u{0}b")),
        ("name", json!("two\nlines")),
        ("name", json!(null)),
        ("description", json!(long)),
        ("description", json!("a\u{0}b")),
        ("category", json!("Big Things")),
        ("category", json!("")),
        ("category", json!("../etc")),
        ("price", json!(1250)),
        ("price", price(json!(0))),
        ("price", price(json!(-1))),
        ("price", price(json!(12.5))),
        ("price", price(json!("1250"))),
        ("price", price(json!(100_000_001))),
        ("price", price(json!(u64::MAX))),
        ("price", json!({ "amount": 1250, "currency": "euro" })),
        ("price", json!({ "amount": 1250 })),
        ("image_url", json!("javascript:alert(1)")),
        ("image_url", json!("cup.jpg")),
    ];
    let path = format!("/products/{}", scene.cup.id);
    let mut cases = Cases::new();
    for (field, value) in &fields {
        let mut product = json!(ProductBody::named("Pot"));
        product[*field] = value.clone();
        cases.push((422, staff.post("/products/", &product)));
        cases.push((422, staff.patch(&path, &json!({ *field: value }))));
    }
    for stock in [json!(-1), json!(1_000_001), json!(1.5), json!("many"), json!(null)] {
        let mut product = json!(ProductBody::named("Pot"));
        product["stock"] = stock;
        cases.push((422, staff.post("/products/", &product)));
    }
    for adjust in [json!(0), json!(1_000_001), json!(-1_000_001), json!(1e12), json!("5"), json!(null)] {
        cases.push((422, staff.post(&format!("{path}/stock"), &json!({ "adjust": adjust }))));
    }
    cases.push((409, staff.post(&format!("{path}/stock"), &json!({ "adjust": -1_000_000 }))));
    cases.push((409, staff.post(&format!("{path}/stock"), &json!({ "adjust": 1_000_000 }))));
    cases.push((422, staff.patch(&path, &json!({}))));
    let ids: Vec<ProductId> = (0..101).map(|_| ProductId::new()).collect();
    cases.push((422, scene.anybody.post("/products/ids", &json!({ "ids": ids }))));
    cases
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() {
    expect_refusals(|scene| {
        let mut cases = Cases::new();
        let lists = [
            (&scene.anybody, "/products/"),
            (&scene.anybody, "/products/category/kitchen"),
            (&scene.shopper.client, "/shopping/orders"),
            (&scene.shopper.client, "/customer/addresses"),
        ];
        // The last is the cursor `true`, which is no place in any list.
        for (client, path) in lists {
            for wrong in
                ["limit=0", "limit=101", "limit=-1", "limit=many", "limit=1e3", "limit=99999999999999999999"]
            {
                cases.push((422, client.get(&format!("{path}?{wrong}"))));
            }
            for cursor in ["garbage", "*", "", "%00", "dHJ1ZQ", &"A".repeat(4_000)] {
                cases.push((422, client.get(&format!("{path}?after={cursor}"))));
            }
        }
        for wrong in [
            "min_price=-1",
            "max_price=cheap",
            "min_price=2&max_price=1",
            "in_stock=maybe",
            "archived=maybe",
            "sort=random",
            "category=Big%20Things",
            "q=%00",
        ] {
            cases.push((422, scene.anybody.get(&format!("/products/?{wrong}"))));
        }
        cases.push((422, scene.anybody.get(&format!("/products/?q={}", "x".repeat(201)))));
        cases.push((422, scene.shopper.client.get("/shopping/orders?status=lost")));
        cases.push((422, scene.shopper.client.get("/shopping/orders?everyone=perhaps")));
        cases.push((422, scene.shopper.client.get("/customer/profile?include=everything")));
        cases
    })
    .await;
}

/// Whether nginx refuses the path itself: it has a NUL in it, or leads out of the root once it is decoded.
fn gateway_cannot_read(folder: &str, id: &str) -> bool {
    let leads_out = id.starts_with("..") && folder.matches('/').count() == 1;
    Shape::chosen().broker().is_some() && (id == "%00" || leads_out)
}

#[tokio::test]
async fn what_is_not_there_is_a_404_and_what_cannot_be_done_a_405() {
    expect_refusals(|scene| {
        let (product, order, address) = (ProductId::new(), OrderId::new(), AddressId::new());
        let (anybody, shopper, staff) = (&scene.anybody, &scene.shopper.client, &scene.staff.client);
        let post = |client: &Client, path: &str| client.call(Method::POST, path);
        let mut cases = vec![
            (404, anybody.get(&format!("/products/{product}"))),
            (404, anybody.get("/products/category/nothing")),
            (404, shopper.get(&format!("/shopping/orders/{order}"))),
            (404, shopper.get(&format!("/shopping/orders/{order}/timeline"))),
            (404, shopper.get(&format!("/shopping/orders/{order}/events"))),
            (404, post(shopper, &format!("/shopping/orders/{order}/cancel"))),
            (404, shopper.patch(&format!("/shopping/cart/{product}"), &json!({ "quantity": 1 }))),
            (404, shopper.delete(&format!("/shopping/cart/{product}"))),
            (404, shopper.delete(&format!("/shopping/wishlist/{product}"))),
            (404, shopper.put(&format!("/customer/addresses/{address}"), &AddressBody::in_city("Kiel"))),
            (404, shopper.delete(&format!("/customer/addresses/{address}"))),
            (404, staff.patch(&format!("/products/{product}"), &json!({ "name": "Pot" }))),
            (404, staff.delete(&format!("/products/{product}"))),
            (404, post(staff, &format!("/products/{product}/restore"))),
            (404, staff.get(&format!("/payment/payments/{order}"))),
            (404, post(staff, &format!("/shopping/orders/{order}/ship"))),
            (404, post(staff, &format!("/shopping/orders/{order}/refund"))),
            (405, anybody.put("/products/", &json!({}))),
            (405, anybody.delete("/customer/login")),
            (405, anybody.get("/customer/signup")),
            (405, shopper.put("/shopping/cart", &json!({}))),
            (405, shopper.delete(&format!("/shopping/orders/{}", scene.order))),
            (405, post(staff, &format!("/payment/payments/{}", scene.order))),
            (405, anybody.delete("/products/health/live")),
        ];
        let nowhere = [
            "/nowhere",
            "/customer",
            "/customer/nowhere",
            "/products/a/b/c",
            "/payment/",
            "/shopping/orders/a/b/c",
        ];
        cases.extend(nowhere.map(|path| (404, anybody.get(path))));
        for id in ["cup", "1", "%00", "%FF", "..%2f..%2fetc", "' OR 1=1 --", "0".repeat(5_000).as_str()] {
            let id = id.replace(' ', "%20");
            for (method, client, folder) in [
                (Method::GET, anybody, "/products"),
                (Method::GET, shopper, "/shopping/orders"),
                (Method::GET, staff, "/payment/payments"),
                (Method::DELETE, shopper, "/customer/addresses"),
            ] {
                let status = if gateway_cannot_read(folder, &id) { 400 } else { 404 };
                cases.push((status, client.call(method, &format!("{folder}/{id}"))));
            }
        }
        cases
    })
    .await;
}

#[tokio::test]
async fn headers_that_make_no_sense_are_refused() {
    expect_refusals(|scene| {
        let (anybody, shopper) = (&scene.anybody, &scene.shopper.client);
        let mut cases = Cases::new();
        let body = json!({ "product_id": scene.cup.id, "quantity": 1 });
        for key in ["", "two words", "\"", &"k".repeat(256)] {
            cases.push((400, shopper.post("/shopping/cart", &body).key(key)));
            cases.push((400, shopper.post("/shopping/orders", &Shopper::paying("tok_ok")).key(key)));
            let address = AddressBody::in_city("Kiel");
            cases.push((400, shopper.post("/customer/addresses", &address).key(key)));
            cases.push((400, scene.staff.client.post("/products/", &ProductBody::named("Pot")).key(key)));
        }
        cases.push((400, shopper.post("/shopping/cart", &body).key("one").key("two")));
        for authorization in ["Bearer", "Bearer ", "Bearer garbage", "Basic YTpi", "garbage", "Bearer a.b.c"]
        {
            for path in ["/customer/profile", "/shopping/cart", "/payment/payments/x"] {
                cases.push((401, anybody.get(path).header("Authorization", authorization)));
            }
            let path = format!("/products/{}", scene.cup.id);
            cases.push((401, anybody.get(&path).header("Authorization", authorization)));
        }
        let unknown = "A".repeat(43);
        cases.push((404, anybody.get("/shopping/cart").header("Cart-Token", &unknown)));
        cases.push((400, anybody.get("/shopping/cart").header("Cart-Token", "garbage")));
        cases.push((400, anybody.post("/shopping/cart", &body).header("Cart-Token", "garbage")));
        cases.push((404, anybody.post("/shopping/cart", &body).header("Cart-Token", &unknown)));
        cases
    })
    .await;
}
