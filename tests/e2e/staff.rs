//! What members of staff do, and nobody else may.

use contracts::{
    OrderId, ProductId,
    rpc::{
        OrderStatus::{Confirmed, Delivered, Refunded, Shipped},
        OrderView,
    },
};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{
    Client, ProductBody, Shopper, Staff,
    bodies::fresh_key,
    eventually,
    views::{Page, Product},
};

use crate::shop;

#[tokio::test]
async fn a_product_is_added_changed_restocked_and_archived() {
    let shop = shop().await;
    let (staff, visitor) = (shop.staff().await, shop.client());
    let (body, key) = (ProductBody::named("Cup").stock(5), fresh_key());
    let added = staff.client.post("/products/", &body).key(&key).await.expect(201);
    let cup: Product = added.json();
    assert_eq!(added.header("location"), Some(&*format!("/products/{}", cup.id)));
    let again: Product = staff.client.post("/products/", &body).key(&key).await.expect(201).json();
    assert_eq!(again.id, cup.id);
    let other = staff.client.post("/products/", &body.stock(6)).key(&key).await.problem(409);
    assert_eq!(other.kind, "urn:mercato:problem:idempotency-key-reused");

    let picture = json!({ "name": "Big cup", "image_url": "https://images.example/cup.jpg" });
    let changed = staff.revise(cup.id, &picture).await;
    assert_eq!((&*changed.name, changed.image_url.is_some(), changed.price), ("Big cup", true, cup.price));
    assert_eq!(staff.revise(cup.id, &json!({ "image_url": null })).await.image_url, None);
    assert_eq!(staff.adjust_stock(cup.id, 7).await.expect(200).json::<Product>().stock, 12);
    assert_eq!(staff.adjust_stock(cup.id, -12).await.expect(200).json::<Product>().stock, 0);
    staff.adjust_stock(cup.id, -1).await.problem(409);
    staff.adjust_stock(ProductId::new(), 1).await.problem(404);

    let path = format!("/products/{}", cup.id);
    staff.archive(cup.id).await;
    staff.archive(cup.id).await;
    visitor.get(&path).await.problem(404);
    assert!(staff.product(cup.id).await.archived_at.is_some());
    let found: Page<Product> = visitor.get("/products/?q=big+cup").await.expect(200).json();
    // Where the tests share a shop, there may be others of that name.
    assert!(found.items.iter().all(|found| found.id != cup.id), "{found:?}");
}

#[tokio::test]
async fn a_product_that_was_archived_is_restored_and_sold() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup").category("comebacks").stock(3)).await;
    let list = async |client: &Client, query: &str| {
        let path = format!("/products/?category=comebacks{query}");
        client.get(&path).await.expect(200).json::<Page<Product>>().items
    };
    staff.archive(cup.id).await;
    assert_eq!(list(&shopper.client, "").await, []);
    assert_eq!(list(&staff.client, "&archived=true").await, [staff.product(cup.id).await]);
    let one = json!({ "product_id": cup.id, "quantity": 1 });
    let refused = shopper.client.post("/shopping/cart", &one).await.problem(422);
    assert_eq!(refused.errors[0].field, "product_id");

    for _ in 0..2 {
        assert_eq!(staff.restore(cup.id).await, cup);
    }
    assert_eq!(list(&staff.client, "&archived=true").await, []);
    assert_eq!(list(&shopper.client, "").await, std::slice::from_ref(&cup));
    let order = shopper.buy(&cup, 3, "tok_ok").await;
    shopper.order_reaches(order.id, Confirmed).await;
    assert_eq!(staff.product(cup.id).await.stock, 0);
    shop.audit().await.expect_clean();
}

#[tokio::test]
async fn who_leaves_the_staff_can_do_nothing_from_then_on() {
    let (shop, email) = (shop().await, format!("{}@staff.example", fresh_key()));
    let password = shop.mercato().run(&["staff", "add", &email]).await.expect(0).stdout;
    let clerk = Staff::log_in(&shop.client(), &email, password.trim()).await;
    clerk.client.get("/shopping/orders?everyone=true").await.expect(200);
    shop.mercato().run(&["staff", "remove", &email]).await.expect(0);
    for path in ["/customer/profile", "/shopping/orders?everyone=true", "/payment/payments/x"] {
        eventually(&format!("{path} to refuse the token"), || async {
            (clerk.client.get(path).await.status() == 401).then_some(())
        })
        .await;
    }
    let login = json!({ "email": email, "password": password.trim() });
    shop.client().post("/customer/login", &login).await.problem(401);
    let again = shop.mercato().run(&["staff", "remove", &email]).await.expect(1);
    assert!(again.stderr.contains("no member of staff"), "{again:?}");
    // Customers close their accounts themselves.
    let shopper = Shopper::sign_up(&shop).await;
    shop.mercato().run(&["staff", "remove", &shopper.email]).await.expect(1);
    shopper.client.get("/customer/profile").await.expect(200);
}

#[tokio::test]
async fn a_file_of_products_is_imported_as_a_whole_or_not_at_all() {
    let shop = shop().await;
    let staff = shop.staff().await;
    let line = |name: &str| serde_json::to_string(&ProductBody::named(name).category("imported")).unwrap();
    let import = |text: String, key: &str| {
        staff.client.call(Method::POST, "/products/import").key(key).body("application/x-ndjson", text)
    };
    let count = || async {
        let all: Page<Product> =
            shop.client().get("/products/?category=imported&limit=100").await.expect(200).json();
        all.items.len()
    };
    let broken = format!("{}\n{}\n", line("Good"), line("Bad").replace("1250", "-1"));
    let problem = import(broken, &fresh_key()).await.problem(422);
    assert_eq!(problem.errors[0].field, "line 2: price.amount");
    assert_eq!(count().await, 0);

    let key = fresh_key();
    let fifty = (0..50).map(|number| line(&format!("Tile {number}"))).collect::<Vec<_>>().join("\n");
    for _ in 0..2 {
        let imported: Value = import(fifty.clone(), &key).await.expect(201).json();
        assert_eq!(imported, json!({ "imported": 50 }));
    }
    assert_eq!(count().await, 50);
}

#[tokio::test]
async fn nobody_but_staff_may_do_what_staff_do() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup")).await;
    let order = shopper.buy(&cup, 1, "tok_ok").await;
    shopper.order_reaches(order.id, Confirmed).await;
    let routes = [
        (Method::POST, "/products/".to_owned(), json!(ProductBody::named("Mine"))),
        (Method::PATCH, format!("/products/{}", cup.id), json!({ "name": "Mine" })),
        (Method::DELETE, format!("/products/{}", cup.id), Value::Null),
        (Method::POST, format!("/products/{}/restore", cup.id), Value::Null),
        (Method::POST, format!("/products/{}/stock", cup.id), json!({ "adjust": 5 })),
        (Method::POST, format!("/shopping/orders/{}/ship", order.id), Value::Null),
        (Method::POST, format!("/shopping/orders/{}/deliver", order.id), Value::Null),
        (Method::POST, format!("/shopping/orders/{}/refund", order.id), Value::Null),
        (Method::GET, format!("/payment/payments/{}", order.id), Value::Null),
    ];
    for (method, path, body) in routes {
        shopper.client.call(method.clone(), &path).json(&body).await.problem(403);
        shop.client().call(method, &path).json(&body).await.problem(401);
    }
    let import = shopper.client.call(Method::POST, "/products/import");
    import.body("application/x-ndjson", "{}").await.problem(403);
    let now = staff.product(cup.id).await;
    assert_eq!((&*now.name, now.stock, now.archived_at), ("Cup", 99, None));
    assert_eq!(shopper.find_order(order.id).await.status, Confirmed);
}

#[tokio::test]
async fn an_order_is_shipped_delivered_and_refunded_in_that_order() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup").cents(700)).await;
    let order = shopper.buy(&cup, 2, "tok_ok").await.id;
    shopper.order_reaches(order, Confirmed).await;
    let payment = staff.order_is_paid(order).await;
    assert_eq!(payment.captured.unwrap().amount, 1_400);
    assert_eq!((payment.times("held"), payment.times("captured")), (1, 1));

    staff.treat(order, "deliver").await.problem(409);
    assert_eq!(staff.treat(order, "ship").await.expect(200).json::<OrderView>().status, Shipped);
    assert_eq!(shopper.find_order(order).await.status, Shipped);
    shopper.cancel(order).await.problem(409);
    assert_eq!(staff.treat(order, "deliver").await.expect(200).json::<OrderView>().status, Delivered);
    let refund = staff.treat(order, "refund").await.expect(202);
    assert_eq!(refund.header("location"), Some(&*format!("/shopping/orders/{order}")));
    shopper.order_reaches(order, Refunded).await;
    let payment = staff.payment_reaches(order, "refunded").await;
    assert_eq!((payment.refunded, payment.times("refunded")), (payment.amount, 1));
    staff.treat(order, "ship").await.problem(409);
    staff.treat(OrderId::new(), "ship").await.problem(404);

    // Whose it is only staff are told, who find all that they have bought by it.
    assert_eq!(shopper.find_order(order).await.customer_id, None);
    assert_eq!(staff.find_order(order).await.customer_id, Some(shopper.id));
    let theirs = format!("/shopping/orders?customer_id={}", shopper.id);
    let of_shopper: Page<OrderView> = staff.client.get(&theirs).await.expect(200).json();
    assert_eq!(of_shopper.items.iter().map(|it| it.id).collect::<Vec<_>>(), [order]);
    shopper.client.get(&theirs).await.problem(403);

    let declined = shopper.buy(&cup, 1, "tok_declined").await.id;
    shopper.order_ends(declined).await;
    staff.treat(declined, "refund").await.problem(409);
    let all: Page<OrderView> =
        staff.client.get("/shopping/orders?everyone=true&status=refunded").await.expect(200).json();
    // Others may have had their money back too, where the tests share a shop.
    assert!(all.items.iter().all(|order| order.status == Refunded));
    assert!(all.items.iter().any(|found| found.id == order));
    shop.audit().await.expect_clean();
}

#[tokio::test]
async fn what_would_not_be_heeded_is_refused() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup").cents(700)).await;
    let order = shopper.buy(&cup, 1, "tok_ok").await.id;
    staff.order_is_paid(order).await;
    let part = json!({ "amount": { "amount": 1, "currency": "EUR" } });
    for route in ["ship", "deliver", "refund", "cancel"] {
        let path = format!("/shopping/orders/{order}/{route}");
        staff.client.post(&path, &part).await.problem(400);
    }
    staff.client.post(&format!("/products/{}/restore", cup.id), &part).await.problem(400);
    shopper.put_in_cart(&cup, 3).await;
    let taken_out = format!("/shopping/cart/{}", cup.id);
    for path in ["/shopping/cart", &taken_out, "/customer/profile"] {
        shopper.client.delete(path).json(&json!({ "quantity": 1 })).await.problem(400);
    }
    staff.client.delete(&format!("/products/{}", cup.id)).json(&part).await.problem(400);
    assert_eq!(shopper.cart().await.items[0].quantity, 3);
    let now = staff.find_order(order).await;
    assert_eq!((now.status, now.refund_requested), (Confirmed, false));

    let stock =
        staff.client.patch(&format!("/products/{}", cup.id), &json!({ "name": "Mug", "stock": 5 })).await;
    assert_eq!(stock.problem(422).errors[0].field, "stock");
    assert_eq!(&*staff.product(cup.id).await.name, "Cup");
    shopper.put_in_cart(&cup, 1).await;
    let misspelt = json!({ "payment": { "token": "tok_ok" }, "expectedTotal": cup.price });
    let refused = shopper.try_to_order(&misspelt, &fresh_key()).await.problem(422);
    assert_eq!(refused.errors[0].field, "expectedTotal");
    staff
        .client
        .call(Method::POST, &format!("/shopping/orders/{order}/refund"))
        .json(&json!({}))
        .await
        .expect(202);
    shopper.order_reaches(order, Refunded).await;
    shop.audit().await.expect_clean();
}
