//! `/signup`

use rocket::http::{Method, Status};
use serde_json::json;

use crate::service::{PASSWORD, Shop};

#[tokio::test]
async fn who_signs_up_is_signed_in() {
    let shop = Shop::new().await;
    let ada = shop.sign_up(" Ada@Example.com ").await;
    assert_eq!(ada.location.as_deref(), Some("/customer/profile"));
    assert_eq!((ada.text("token_type"), ada.body["expires_in"].as_u64()), ("Bearer", Some(900)));
    let profile = shop.get("/profile", ada.text("access_token")).await;
    assert_eq!(profile.status, Status::Ok);
    assert_eq!((profile.text("email"), profile.text("id")), ("ada@example.com", ada.text("id")));
}

#[tokio::test]
async fn an_email_is_taken_in_whatever_case() {
    let shop = Shop::new().await;
    shop.sign_up("ada@example.com").await;
    let body = json!({ "email": "ADA@example.com", "password": PASSWORD });
    let again = shop.post("/signup", "", body).await;
    assert_eq!(again.status, Status::Conflict);
    assert_eq!(again.text("type"), "urn:mercato:problem:email-taken");
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let shop = Shop::new().await;
    let long = "x".repeat(129);
    let body = json!({ "email": "ada", "password": long, "name": long, "phone": long });
    let answer = shop.post("/signup", "", body).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert_eq!(answer.faults(), ["email", "password", "name", "phone"]);
    assert!(!answer.body.to_string().contains(&long));
}

#[tokio::test]
async fn a_repeated_sign_up_gets_fresh_tokens_of_the_same_account() {
    let shop = Shop::new().await;
    let body = |password: &str, name: &str| {
        Some(json!({ "email": "ada@example.com", "password": password, "name": name }))
    };
    let first = shop.send(Method::Post, "/signup", "", "k", body(PASSWORD, "Ada")).await;
    let again = shop.send(Method::Post, "/signup", "", "k", body(PASSWORD, "Ada")).await;
    assert_eq!((first.status, again.status), (Status::Created, Status::Created));
    assert_eq!(first.text("id"), again.text("id"));
    assert_ne!(first.text("refresh_token"), again.text("refresh_token"));
    for (password, name) in [("another password", "Ada"), (PASSWORD, "Eve")] {
        let other = shop.send(Method::Post, "/signup", "", "k", body(password, name)).await;
        assert_eq!(other.status, Status::Conflict, "{password} {name}");
        assert_eq!(other.text("type"), "urn:mercato:problem:idempotency-key-reused");
    }
}

#[tokio::test]
async fn a_key_does_not_let_anybody_guess_passwords_for_ever() {
    let shop = Shop::new().await;
    let body = |password: &str| Some(json!({ "email": "ada@example.com", "password": password }));
    shop.send(Method::Post, "/signup", "", "k", body(PASSWORD)).await;
    for number in 0..5 {
        let guess = shop.send(Method::Post, "/signup", "", "k", body(&format!("password {number}"))).await;
        assert_eq!(guess.status, Status::Conflict);
    }
    let sixth = shop.send(Method::Post, "/signup", "", "k", body(PASSWORD)).await;
    assert_eq!(sixth.status, Status::TooManyRequests);
}

#[tokio::test]
async fn no_token_and_no_password_is_kept_in_clear() {
    let shop = Shop::new().await;
    let body = Some(json!({ "email": "ada@example.com", "password": PASSWORD }));
    let ada = shop.send(Method::Post, "/signup", "", "k", body).await;
    shop.refresh(ada.text("refresh_token")).await;
    let platform::store::Store::Sqlite(database) = &shop.store else { panic!("it is not SQLite") };
    let dump = database
        .read(|connection| {
            let tables = ["customer", "session", "refresh_token", "idempotency", "login_failure"];
            let mut dump = Vec::new();
            for table in tables {
                let mut rows = connection.prepare(&format!("SELECT * FROM {table}"))?;
                let columns = rows.column_count();
                let mut rows = rows.query([])?;
                while let Some(row) = rows.next()? {
                    for column in 0..columns {
                        let value: rusqlite::types::Value = row.get(column)?;
                        dump.push(format!("{value:?}"));
                    }
                }
            }
            Ok(dump.join("\n"))
        })
        .await
        .unwrap();
    assert!(dump.contains("ada@example.com") && dump.contains("$argon2id$"));
    for secret in [PASSWORD, ada.text("refresh_token"), ada.text("access_token")] {
        assert!(!dump.contains(secret), "{secret}");
    }
}
