//! `/password`

use rocket::http::Status;
use serde_json::{Value, json};

use crate::service::{PASSWORD, Shop};

fn change(current: &str, new: &str) -> Value {
    json!({ "current_password": current, "new_password": new })
}

#[tokio::test]
async fn a_changed_password_ends_all_sessions_but_the_callers() {
    let shop = Shop::new().await;
    let other = shop.sign_up("ada@example.com").await;
    let caller = shop.log_in("ada@example.com", PASSWORD).await;
    let changed =
        shop.post("/password", caller.text("access_token"), change(PASSWORD, "another password")).await;
    assert_eq!(changed.status, Status::NoContent);
    assert_eq!(shop.get("/profile", caller.text("access_token")).await.status, Status::Ok);
    assert_eq!(shop.get("/profile", other.text("access_token")).await.status, Status::Unauthorized);
    assert_eq!(shop.refresh(other.text("refresh_token")).await.status, Status::Unauthorized);
    assert_eq!(shop.events().await, ["session.revoked.v1"]);
    assert_eq!(shop.log_in("ada@example.com", PASSWORD).await.status, Status::Unauthorized);
    assert_eq!(shop.log_in("ada@example.com", "another password").await.status, Status::Ok);
}

#[tokio::test]
async fn the_current_password_has_to_be_known_and_cannot_be_guessed_for_ever() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let token = ada.text("access_token");
    for _ in 0..5 {
        let wrong = shop.post("/password", token, change("wrong password", "another password")).await;
        assert_eq!(wrong.status, Status::UnprocessableEntity);
        assert_eq!(wrong.faults(), ["current_password"]);
    }
    let sixth = shop.post("/password", token, change(PASSWORD, "another password")).await;
    assert_eq!(sixth.status, Status::TooManyRequests);
}

#[tokio::test]
async fn a_new_password_has_to_be_fit() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let answer = shop.post("/password", ada.text("access_token"), change(PASSWORD, "short")).await;
    assert_eq!((answer.status, answer.faults()), (Status::UnprocessableEntity, vec!["new_password"]));
}
