//! A shopper's way through the shop, and what can come between.

use std::collections::HashSet;

use contracts::{
    OrderId, ProductId,
    rpc::{
        OrderStatus::{Authorised, Cancelled, Confirmed, Pending, Reserved},
        OrderView,
    },
};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{
    AddressBody, ProductBody, Shopper,
    bodies::fresh_key,
    eventually,
    views::{Address, Page, Step},
};

use crate::shop;

#[tokio::test]
async fn a_cart_is_filled_changed_and_emptied_and_each_answer_is_the_cart() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup").cents(500)).await;
    let pot = staff.add(&ProductBody::named("Pot").cents(2_000)).await;
    let cart = shopper.client.get("/shopping/cart").await.expect(200).json::<Value>();
    assert_eq!(cart, json!({ "items": [], "total": { "amount": 0, "currency": "EUR" } }));

    shopper.put_in_cart(&cup, 2).await;
    shopper.put_in_cart(&pot, 1).await;
    let cart = shopper.put_in_cart(&cup, 1).await;
    assert_eq!(cart.total.amount, 3 * 500 + 2_000);
    let shown: Value = shopper.client.get("/shopping/cart").await.expect(200).json();
    let price = |amount| json!({ "amount": amount, "currency": "EUR" });
    let first = json!({
        "product": { "id": cup.id, "name": "Cup", "price": price(500) }, "quantity": 3, "subtotal": price(1_500),
        "in_stock": true,
    });
    assert_eq!((&shown["items"][0], &shown["total"]), (&first, &price(3_500)));

    let line = format!("/shopping/cart/{}", cup.id);
    let changed: Value = shopper.client.patch(&line, &json!({ "quantity": 7 })).await.expect(200).json();
    assert_eq!((&changed["items"][0]["quantity"], &changed["total"]), (&json!(7), &price(5_500)));
    let without: Value = shopper.client.delete(&line).await.expect(200).json();
    assert_eq!((without["items"].as_array().unwrap().len(), &without["total"]), (1, &price(2_000)));
    shopper.client.delete(&line).await.problem(404);
    let empty: Value = shopper.client.delete("/shopping/cart").await.expect(200).json();
    assert_eq!(empty["items"], json!([]));

    let (addition, key) = (json!({ "product_id": cup.id, "quantity": 2 }), fresh_key());
    shopper.client.post("/shopping/cart", &addition).key(&key).await.expect(200);
    shopper.client.post("/shopping/cart", &addition).key(&key).await.expect(200);
    assert_eq!(shopper.cart().await.items[0].quantity, 2, "the same key adds once");
    let unknown = json!({ "product_id": ProductId::new(), "quantity": 1 });
    let problem = shopper.client.post("/shopping/cart", &unknown).await.problem(422);
    assert_eq!(problem.errors[0].field, "product_id");
}

#[tokio::test]
async fn a_cart_says_what_cannot_be_bought() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup").stock(2)).await;
    let pot = staff.add(&ProductBody::named("Pot").stock(2)).await;
    shopper.put_in_cart(&cup, 2).await;
    shopper.put_in_cart(&pot, 2).await;
    let in_stock = || async {
        let cart = shopper.cart().await;
        cart.items.iter().map(|item| item.in_stock).collect::<Vec<_>>()
    };
    assert_eq!(in_stock().await, [Some(true), Some(true)]);
    staff.adjust_stock(cup.id, -1).await.expect(200);
    staff.client.delete(&format!("/products/{}", pot.id)).await.expect(204);
    assert_eq!(in_stock().await, [Some(false), Some(false)]);
    let refused = shopper.try_to_order(&Shopper::paying("tok_ok"), &fresh_key()).await.problem(409);
    assert_eq!(refused.kind, "urn:mercato:problem:not-for-sale");
    assert!(refused.detail.unwrap().contains(&format!("Pot ({})", pot.id)));
}

#[tokio::test]
async fn a_wishlist_remembers_each_product_once() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup")).await;
    let sold_out = staff.add(&ProductBody::named("Sold out").stock(0)).await;
    shopper.wish_for(cup.id).await;
    shopper.wish_for(sold_out.id).await;
    shopper.wish_for(cup.id).await;
    let list: Page<Value> = shopper.client.get("/shopping/wishlist").await.expect(200).json();
    let names: Vec<_> =
        list.items.iter().map(|item| (item["product"]["name"].clone(), item["in_stock"].clone())).collect();
    assert_eq!(names, [(json!("Sold out"), json!(false)), (json!("Cup"), json!(true))]);
    let line = format!("/shopping/wishlist/{}", cup.id);
    shopper.client.delete(&line).await.expect(204);
    shopper.client.delete(&line).await.problem(404);
}

#[tokio::test]
async fn an_order_goes_from_the_cart_to_confirmed_and_is_told_as_it_goes() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup").cents(500).stock(10)).await;
    let address: Address =
        shopper.client.post("/customer/addresses", &AddressBody::in_city("Hamburg")).await.expect(201).json();
    shopper.put_in_cart(&cup, 3).await;
    shopper.wish_for(cup.id).await;

    let body = Shopper::paying_to("tok_slow", address.id);
    let placed = shopper.try_to_order(&body, &fresh_key()).await.expect(202);
    let order: OrderView = placed.json();
    assert_eq!(placed.header("location"), Some(&*format!("/shopping/orders/{}", order.id)));
    assert_eq!((order.status, order.total.amount, order.items[0].quantity), (Pending, 1_500, 3));
    assert_eq!(order.address.as_ref().unwrap().city, "Hamburg");
    assert!(shopper.cart().await.items.is_empty(), "what was ordered is no longer in the cart");

    let path = format!("/shopping/orders/{}/events", order.id);
    let events = shopper.client.events(&path, None).await.all().await;
    // What comes after that, such as the capture, may be told as well, if it is quick.
    let told: Vec<_> = events.iter().take(4).map(|event| event.json::<Step>().status).collect();
    assert_eq!(told, [Pending, Reserved, Authorised, Confirmed], "{events:#?}");
    let ids: Vec<_> = events.iter().take(4).map(|event| (&*event.event, &*event.id)).collect();
    assert_eq!(ids, [("status", "1"), ("status", "2"), ("status", "3"), ("status", "4")]);
    let rest = shopper.client.events(&path, Some("3")).await.all().await;
    assert_eq!(rest[0], events[3], "who comes again is told what they missed");
    for nonsense in ["three", "-1", "4294967296"] {
        shopper.client.get(&path).header("Last-Event-ID", nonsense).await.problem(400);
    }

    let order = shopper.find_order(order.id).await;
    assert_eq!((order.status, order.reason.as_deref()), (Confirmed, None));
    let timeline = format!("/shopping/orders/{}/timeline", order.id);
    let steps: Page<Step> = shopper.client.get(&timeline).await.expect(200).json();
    let statuses: Vec<_> = steps.items.iter().map(|step| step.status).collect();
    assert_eq!(statuses[..4], told);
    assert!(steps.items.is_sorted_by_key(|step| step.at));
    assert!(steps.items.iter().all(|step| !step.note.is_empty()));

    assert_eq!(staff.product(cup.id).await.stock, 7);
    let payment = staff.payment_reaches(order.id, "captured").await;
    assert_eq!((payment.amount, payment.captured), (Some(order.total), Some(order.total)));
    eventually("the events to be told to their end", || async {
        let timeline: Page<Step> = shopper.client.get(&timeline).await.expect(200).json();
        let last = timeline.items.len().to_string();
        (shopper.client.events(&path, Some(&last)).await.status() == 204).then_some(())
    })
    .await;
    let profile: Value = shopper.client.get("/customer/profile?include=shopping").await.expect(200).json();
    assert_eq!(profile["shopping"]["orders"][0]["id"], json!(order.id));
    assert_eq!(profile["shopping"]["wishlist"][0]["product"]["id"], json!(cup.id));
    assert_eq!(profile["shopping"]["cart"]["items"], json!([]));
    shop.audit().await.expect_clean();
}

#[tokio::test]
async fn orders_are_listed_newest_first_and_a_page_at_a_time() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup")).await;
    let mut placed = Vec::new();
    for token in ["tok_ok", "tok_declined", "tok_ok", "tok_ok", "tok_ok"] {
        let order = shopper.buy(&cup, 1, token).await;
        shopper.order_ends(order.id).await;
        placed.insert(0, order.id);
    }
    let mut seen: Vec<OrderId> = Vec::new();
    let mut path = "/shopping/orders?limit=2".to_owned();
    loop {
        let page: Page<OrderView> = shopper.client.get(&path).await.expect(200).json();
        seen.extend(page.items.iter().map(|order| order.id));
        let Some(next) = page.next else { break };
        path = format!("/shopping/orders?limit=2&after={next}");
    }
    assert_eq!(seen, placed);
    let declined: Page<OrderView> =
        shopper.client.get("/shopping/orders?status=declined").await.expect(200).json();
    assert_eq!(declined.items.iter().map(|order| order.id).collect::<Vec<_>>(), [placed[3]]);
}

#[tokio::test]
async fn an_order_that_is_sent_twice_is_placed_once() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup").stock(20)).await;
    let body = Shopper::paying("tok_ok");
    // Sent at once, each finds the others at another point of their way.
    for _ in 0..10 {
        shopper.put_in_cart(&cup, 1).await;
        let key = fresh_key();
        let answers = join_all((0..8).map(|_| shopper.try_to_order(&body, &key))).await;
        let ids: HashSet<OrderId> =
            answers.into_iter().map(|answer| answer.expect(202).json::<OrderView>().id).collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
    }
    shopper.put_in_cart(&cup, 1).await;
    let key = fresh_key();
    let first: OrderView = shopper.try_to_order(&body, &key).await.expect(202).json();
    shopper.order_reaches(first.id, Confirmed).await;
    let later: OrderView = shopper.try_to_order(&body, &key).await.expect(202).json();
    assert_eq!(later.id, first.id);

    let other = shopper.try_to_order(&Shopper::paying("tok_slow"), &key).await.problem(409);
    assert_eq!(other.kind, "urn:mercato:problem:idempotency-key-reused");
    let orders: Page<OrderView> = shopper.client.get("/shopping/orders").await.expect(200).json();
    assert_eq!(orders.items.len(), 11);

    let stranger = Shopper::sign_up(&shop).await;
    stranger.put_in_cart(&cup, 1).await;
    let theirs: OrderView = stranger.try_to_order(&body, &key).await.expect(202).json();
    assert_ne!(theirs.id, first.id, "a key belongs to the one who made it");
    stranger.order_ends(theirs.id).await;
    for order in orders.items {
        shopper.order_reaches(order.id, Confirmed).await;
    }
    assert_eq!(staff.product(cup.id).await.stock, 8);
    shop.audit().await.expect_clean();
}

#[tokio::test]
async fn what_the_shopper_was_not_told_is_not_ordered() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup").cents(500)).await;
    let refusal = |answer: testkit::Answer| answer.problem(409).kind.replace("urn:mercato:problem:", "");
    let pay = Shopper::paying("tok_ok");
    assert_eq!(refusal(shopper.try_to_order(&pay, &fresh_key()).await), "empty-cart");

    shopper.put_in_cart(&cup, 2).await;
    staff.revise(cup.id, &json!({ "price": { "amount": 600, "currency": "EUR" } })).await;
    let key = fresh_key();
    assert_eq!(refusal(shopper.try_to_order(&pay, &key).await), "price-changed");
    assert_eq!(shopper.cart().await.total.amount, 1_200, "the cart says what it costs now");
    let mut expecting = pay.clone();
    expecting["expected_total"] = json!({ "amount": 1_000, "currency": "EUR" });
    assert_eq!(refusal(shopper.try_to_order(&expecting, &fresh_key()).await), "total-changed");
    let order: OrderView = shopper.try_to_order(&pay, &key).await.expect(202).json();
    assert_eq!(order.total.amount, 1_200, "a refusal does not use up the key");
    shopper.order_reaches(order.id, Confirmed).await;

    shopper.put_in_cart(&cup, 1).await;
    let nowhere = Shopper::paying_to("tok_ok", contracts::AddressId::new());
    let problem = shopper.try_to_order(&nowhere, &fresh_key()).await.problem(422);
    assert_eq!(problem.errors[0].field, "address_id");
    staff.archive(cup.id).await;
    assert_eq!(refusal(shopper.try_to_order(&pay, &fresh_key()).await), "not-for-sale");
    let line = format!("/shopping/cart/{}", cup.id);
    let more = shopper.client.patch(&line, &json!({ "quantity": 2 })).await;
    assert_eq!(refusal(more), "not-for-sale");
    shopper.client.delete(&line).await.expect(200);
    assert_eq!(shopper.find_order(order.id).await.items[0].product.price.amount, 600);
}

#[tokio::test]
async fn somebody_elses_order_is_not_there() {
    let shop = shop().await;
    let (staff, shopper, stranger) =
        (shop.staff().await, Shopper::sign_up(&shop).await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup")).await;
    let order = shopper.buy(&cup, 1, "tok_slow").await;
    for path in ["", "/timeline", "/events"] {
        let path = format!("/shopping/orders/{}{path}", order.id);
        stranger.client.get(&path).await.problem(404);
        shop.client().get(&path).await.problem(401);
    }
    stranger.cancel(order.id).await.problem(404);
    let theirs: Page<OrderView> = stranger.client.get("/shopping/orders").await.expect(200).json();
    assert!(theirs.items.is_empty());
    stranger.client.get("/shopping/orders?everyone=true").await.problem(403);
    let address: Address =
        shopper.client.post("/customer/addresses", &AddressBody::in_city("Bremen")).await.expect(201).json();
    let path = format!("/customer/addresses/{}", address.id);
    stranger.client.put(&path, &AddressBody::in_city("Kiel")).await.problem(404);
    stranger.client.delete(&path).await.problem(404);
    stranger.put_in_cart(&cup, 1).await;
    let body = Shopper::paying_to("tok_ok", address.id);
    stranger.try_to_order(&body, &fresh_key()).await.problem(422);
    assert_eq!(shopper.order_ends(order.id).await.status, Confirmed, "nothing of that has touched it");
}

#[tokio::test]
async fn staff_call_an_order_off_until_it_is_paid() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup").stock(5)).await;
    let slow = shopper.buy(&cup, 2, "tok_slow").await.id;
    shopper.order_reaches(slow, Reserved).await;
    let called_off: OrderView = staff.treat(slow, "cancel").await.expect(200).json();
    assert_eq!((called_off.status, called_off.captured), (Cancelled, false));
    assert_eq!(shopper.find_order(slow).await.reason.as_deref(), Some("called off by the shop"));
    staff.treat(slow, "cancel").await.expect(200);
    staff.treat(slow, "ship").await.problem(409);
    assert_eq!(staff.payment_reaches(slow, "voided").await.taken(), 0);
    eventually("the stock to be released", || async {
        (staff.product(cup.id).await.stock == 5).then_some(())
    })
    .await;

    let paid = shopper.buy(&cup, 1, "tok_ok").await.id;
    staff.order_is_paid(paid).await;
    let refund_instead = staff.treat(paid, "cancel").await.problem(409);
    assert_eq!(refund_instead.kind, "urn:mercato:problem:order-status");
    assert_eq!(staff.find_order(paid).await.status, Confirmed);
    shop.audit().await.expect_clean();
}

#[tokio::test]
async fn an_order_can_be_cancelled_until_it_is_confirmed() {
    let shop = shop().await;
    let (staff, shopper) = (shop.staff().await, Shopper::sign_up(&shop).await);
    let cup = staff.add(&ProductBody::named("Cup").stock(5)).await;
    let slow = shopper.buy(&cup, 2, "tok_slow").await;
    shopper.order_reaches(slow.id, Reserved).await;
    assert_eq!(staff.product(cup.id).await.stock, 3, "what is reserved cannot be bought");
    let cancelled: OrderView = shopper.cancel(slow.id).await.expect(200).json();
    assert_eq!(cancelled.status, Cancelled);
    shopper.cancel(slow.id).await.expect(200);
    eventually("the stock to be released", || async {
        (staff.product(cup.id).await.stock == 5).then_some(())
    })
    .await;
    // The provider was being asked for the money when the order was cancelled, and says yes only now.
    let payment = staff.payment_reaches(slow.id, "voided").await;
    assert_eq!((payment.taken(), payment.times("captured")), (0, 0));

    let quick = shopper.buy(&cup, 1, "tok_ok").await;
    shopper.order_reaches(quick.id, Confirmed).await;
    let late = shopper.cancel(quick.id).await.problem(409);
    assert_eq!(late.kind, "urn:mercato:problem:order-status");
    let unknown = format!("/shopping/orders/{}/cancel", OrderId::new());
    shopper.client.call(Method::POST, &unknown).await.problem(404);
    assert_eq!(shopper.find_order(slow.id).await.status, Cancelled);
    shop.audit().await.expect_clean();
}
