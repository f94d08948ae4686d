//! Accounts, sign-ins and addresses.

use contracts::{CustomerId, rpc::PublicKeySet};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{
    AddressBody, Client, ProductBody, Shop, Shopper,
    bodies::{fresh_email, fresh_key},
    eventually, jwt,
    people::PASSWORD,
    views::{Address, Page, Tokens},
};

use crate::shop;

async fn log_in(shop: &Shop, email: &str, password: &str) -> testkit::Answer {
    shop.client().post("/customer/login", &json!({ "email": email, "password": password })).await
}

async fn refresh(shop: &Shop, token: &str) -> testkit::Answer {
    shop.client().post("/customer/token/refresh", &json!({ "refresh_token": token })).await
}

/// Waits until no service takes the token any more.
async fn until_refused_everywhere(client: &Client, product: &str) {
    for path in [
        "/customer/profile",
        product,
        "/shopping/cart",
        "/payment/payments/01900000-0000-7000-8000-000000000000",
    ] {
        eventually(&format!("{path} to refuse the token"), || async {
            (client.get(path).await.status() == 401).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn an_email_address_has_one_account_however_it_is_spelt() {
    let shop = shop().await;
    let email = fresh_email();
    let body = json!({ "email": email, "password": PASSWORD, "name": "Ada", "phone": "+49 40 123" });
    let opened = shop.client().post("/customer/signup", &body).await.expect(201);
    assert_eq!(opened.header("location"), Some("/customer/profile"));
    assert_eq!(opened.header("cache-control"), Some("no-store"));
    let tokens: Tokens = opened.json();
    assert_eq!((&*tokens.token_type, tokens.expires_in), ("Bearer", 900));

    let shouted = json!({ "email": email.to_uppercase(), "password": "something else" });
    let taken = shop.client().post("/customer/signup", &shouted).await.problem(409);
    assert_eq!(taken.kind, "urn:mercato:problem:email-taken");
    log_in(&shop, &email.to_uppercase(), PASSWORD).await.expect(200);
    let wrong = log_in(&shop, &email, "correct horse batterz").await.problem(401);
    let unknown = log_in(&shop, &fresh_email(), PASSWORD).await.problem(401);
    assert_eq!(wrong.detail, unknown.detail, "nobody learns who has an account");

    let key = fresh_key();
    let once = json!({ "email": fresh_email(), "password": PASSWORD });
    let first: Tokens = shop.client().post("/customer/signup", &once).key(&key).await.expect(201).json();
    let again: Tokens = shop.client().post("/customer/signup", &once).key(&key).await.expect(201).json();
    assert_eq!(first.id, again.id);
}

#[tokio::test]
async fn a_password_cannot_be_guessed_for_ever() {
    let shop = shop().await;
    let (shopper, other) = (Shopper::sign_up(&shop).await, Shopper::sign_up(&shop).await);
    for _ in 0..5 {
        log_in(&shop, &shopper.email, "a wrong guess").await.problem(401);
    }
    for password in ["a wrong guess", PASSWORD] {
        let answer = log_in(&shop, &shopper.email, password).await;
        let wait: u64 = answer.header("retry-after").expect("how long to wait").parse().unwrap();
        assert!((1..=900).contains(&wait), "{wait}");
        answer.problem(429);
    }
    log_in(&shop, &other.email, PASSWORD).await.expect(200);
    shopper.client.get("/customer/profile").await.expect(200);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_a_stolen_one_ends_the_session_everywhere() {
    let shop = shop().await;
    let shopper = Shopper::sign_up(&shop).await;
    let elsewhere = shopper.log_in_again(&shop).await;
    let product = shop.staff().await.add(&ProductBody::named("Cup")).await;
    let product = format!("/products/{}", product.id);

    let second: Tokens = refresh(&shop, &shopper.tokens.refresh_token).await.expect(200).json();
    let third: Tokens = refresh(&shop, &second.refresh_token).await.expect(200).json();
    assert_ne!(second.refresh_token, third.refresh_token);
    let newest = shop.client().signed_in(&third.access_token);
    newest.get("/shopping/cart").await.expect(200);

    refresh(&shop, &shopper.tokens.refresh_token).await.problem(401);
    refresh(&shop, &third.refresh_token).await.problem(401);
    until_refused_everywhere(&newest, &product).await;
    until_refused_everywhere(&shopper.client, &product).await;
    elsewhere.client.get("/shopping/cart").await.expect(200);
    refresh(&shop, &elsewhere.tokens.refresh_token).await.expect(200);
    refresh(&shop, "not a token").await.problem(401);
}

#[tokio::test]
async fn who_signs_out_is_signed_out_of_that_session_only() {
    let shop = shop().await;
    let shopper = Shopper::sign_up(&shop).await;
    let elsewhere = shopper.log_in_again(&shop).await;
    let product = shop.staff().await.add(&ProductBody::named("Cup")).await;
    shopper.client.call(Method::POST, "/customer/logout").await.expect(204);
    refresh(&shop, &shopper.tokens.refresh_token).await.problem(401);
    until_refused_everywhere(&shopper.client, &format!("/products/{}", product.id)).await;
    elsewhere.client.get("/customer/profile").await.expect(200);
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let shop = shop().await;
    let shopper = Shopper::sign_up(&shop).await;
    let elsewhere = shopper.log_in_again(&shop).await;
    let product = shop.staff().await.add(&ProductBody::named("Cup")).await;
    let change = |from: &str, to: &str| {
        let body = json!({ "current_password": from, "new_password": to });
        shopper.client.post("/customer/password", &body)
    };
    assert_eq!(change("not mine", "a new password").await.problem(422).errors[0].field, "current_password");
    assert_eq!(change(PASSWORD, "short").await.problem(422).errors[0].field, "new_password");
    change(PASSWORD, "a new password").await.expect(204);
    log_in(&shop, &shopper.email, PASSWORD).await.problem(401);
    log_in(&shop, &shopper.email, "a new password").await.expect(200);
    until_refused_everywhere(&elsewhere.client, &format!("/products/{}", product.id)).await;
    shopper.client.get("/customer/profile").await.expect(200);
}

#[tokio::test]
async fn a_profile_says_what_its_owner_wants_it_to() {
    let shop = shop().await;
    let (shopper, other) = (Shopper::sign_up(&shop).await, Shopper::sign_up(&shop).await);
    let profile = || async { shopper.client.get("/customer/profile").await.expect(200).json::<Value>() };
    let patch = |body: Value| shopper.client.patch("/customer/profile", &body);
    let before = profile().await;
    assert_eq!((&before["role"], &before["name"]), (&json!("customer"), &Value::Null));
    assert_eq!(before["id"], json!(shopper.id));

    patch(json!({ "name": "Ada Lovelace", "phone": "+49 40 123456" })).await.expect(200);
    let after: Value = patch(json!({ "phone": null })).await.expect(200).json();
    assert_eq!((&after["name"], &after["phone"]), (&json!("Ada Lovelace"), &Value::Null));
    assert_eq!(profile().await, after);
    patch(json!({ "email": other.email, "current_password": PASSWORD })).await.problem(409);
    let email = fresh_email();
    let unproved = patch(json!({ "email": email })).await.problem(422);
    assert_eq!(unproved.errors[0].field, "current_password");
    patch(json!({ "email": email, "current_password": PASSWORD })).await.expect(200);
    log_in(&shop, &email, PASSWORD).await.expect(200);
    log_in(&shop, &shopper.email, PASSWORD).await.problem(401);
    for theirs in [json!({ "role": "staff" }), json!({ "id": CustomerId::new() })] {
        patch(theirs).await.problem(422);
    }
    assert_eq!((&profile().await["role"], &profile().await["id"]), (&json!("customer"), &before["id"]));
}

#[tokio::test]
async fn addresses_are_added_listed_replaced_and_removed() {
    let shop = shop().await;
    let shopper = Shopper::sign_up(&shop).await;
    let client = &shopper.client;
    let mut added = Vec::new();
    for city in ["Hamburg", "Bremen", "Kiel"] {
        let answer = client.post("/customer/addresses", &AddressBody::in_city(city)).await.expect(201);
        let address: Address = answer.json();
        assert_eq!(answer.header("location"), Some(&*format!("/customer/addresses/{}", address.id)));
        added.push(address);
    }
    let (key, twice) = (fresh_key(), AddressBody::in_city("Lübeck"));
    let first: Address = client.post("/customer/addresses", &twice).key(&key).await.expect(201).json();
    let again: Address = client.post("/customer/addresses", &twice).key(&key).await.expect(201).json();
    assert_eq!(first, again);

    let kiel = format!("/customer/addresses/{}", added[2].id);
    let moved: Address = client.put(&kiel, &AddressBody::in_city("Rostock")).await.expect(200).json();
    assert_eq!((moved.id, &*moved.city), (added[2].id, "Rostock"));
    client.delete(&format!("/customer/addresses/{}", added[0].id)).await.expect(204);
    client.delete(&format!("/customer/addresses/{}", added[0].id)).await.problem(404);

    let page: Page<Address> = client.get("/customer/addresses?limit=2").await.expect(200).json();
    let rest = format!("/customer/addresses?after={}", page.next.unwrap());
    let rest: Page<Address> = client.get(&rest).await.expect(200).json();
    let cities: Vec<_> = page.items.iter().chain(&rest.items).map(|address| &*address.city).collect();
    assert_eq!((cities, rest.next), (vec!["Bremen", "Rostock", "Lübeck"], None));
}

#[tokio::test]
async fn anybody_can_verify_a_token_by_the_public_keys() {
    let shop = shop().await;
    let shopper = Shopper::sign_up(&shop).await;
    let keys = shop.client().get("/customer/.well-known/jwks.json").await.expect(200);
    assert!(!keys.text().contains("\"d\""), "the private half stays where it is");
    let keys: PublicKeySet = keys.json();
    let claims = jwt::verify(&keys, &shopper.tokens.access_token).unwrap();
    assert_eq!((&claims["sub"], &claims["role"]), (&json!(shopper.id), &json!("customer")));

    let [header, claims, signature]: [&str; 3] =
        shopper.tokens.access_token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let other = Shopper::sign_up(&shop).await.tokens.access_token;
    let others_claims = other.split('.').nth(1).unwrap();
    // {"alg":"none"} and {"alg":"HS256"}
    let forged = [
        format!("{header}.{others_claims}.{signature}"),
        format!("eyJhbGciOiJub25lIn0.{claims}."),
        format!("eyJhbGciOiJIUzI1NiJ9.{claims}.{signature}"),
        format!("{header}.{claims}."),
        shopper.tokens.refresh_token,
    ];
    for token in forged {
        shop.client().signed_in(&token).get("/shopping/cart").await.problem(401);
        shop.client().signed_in(&token).get("/customer/profile").await.problem(401);
    }
}
