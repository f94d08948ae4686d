//! `/login`, `/token/refresh`, `/logout`

use std::time::Duration;

use rocket::http::{Method, Status};

use crate::service::{PASSWORD, START, Shop};

#[tokio::test]
async fn a_login_needs_the_right_password_and_says_no_more() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let right = shop.log_in("Ada@example.com", PASSWORD).await;
    assert_eq!((right.status, right.text("id")), (Status::Ok, ada.text("id")));
    let wrong = shop.log_in("ada@example.com", "wrong password").await;
    let nobody = shop.log_in("nobody@example.com", PASSWORD).await;
    assert_eq!((wrong.status, nobody.status), (Status::Unauthorized, Status::Unauthorized));
    assert_eq!(wrong.text("detail"), nobody.text("detail"));
}

#[tokio::test]
async fn after_five_failures_even_the_right_password_has_to_wait() {
    let shop = Shop::new().await;
    shop.sign_up("ada@example.com").await;
    for _ in 0..5 {
        assert_eq!(shop.log_in("ada@example.com", "wrong password").await.status, Status::Unauthorized);
    }
    let sixth = shop.log_in("ada@example.com", PASSWORD).await;
    assert_eq!((sixth.status, sixth.retry_after.as_deref()), (Status::TooManyRequests, Some("900")));
    shop.clock.set(START + Duration::from_secs(15 * 60));
    assert_eq!(shop.log_in("ada@example.com", PASSWORD).await.status, Status::Ok);
}

#[tokio::test]
async fn guesses_that_come_at_once_do_not_go_far_beyond_the_limit() {
    let shop = Shop::new().await;
    let guesses = (0..20).map(|_| shop.log_in("ada@example.com", "wrong password"));
    let answers = futures::future::join_all(guesses).await;
    let looked_at = answers.iter().filter(|answer| answer.status == Status::Unauthorized).count();
    // As many as are hashed at the same time may slip through.
    assert!((5..=6).contains(&looked_at), "{looked_at}");
}

#[tokio::test]
async fn a_success_starts_the_count_again() {
    let shop = Shop::new().await;
    shop.sign_up("ada@example.com").await;
    for _ in 0..2 {
        for _ in 0..4 {
            assert_eq!(shop.log_in("ada@example.com", "wrong password").await.status, Status::Unauthorized);
        }
        assert_eq!(shop.log_in("ada@example.com", PASSWORD).await.status, Status::Ok);
    }
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_once_and_a_second_time_ends_the_session() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let other = shop.log_in("ada@example.com", PASSWORD).await;
    let next = shop.refresh(ada.text("refresh_token")).await;
    assert_eq!((next.status, next.text("id")), (Status::Ok, ada.text("id")));
    assert_eq!(shop.get("/profile", next.text("access_token")).await.status, Status::Ok);

    assert_eq!(shop.refresh(ada.text("refresh_token")).await.status, Status::Unauthorized);
    assert_eq!(shop.refresh(next.text("refresh_token")).await.status, Status::Unauthorized);
    for token in [ada.text("access_token"), next.text("access_token")] {
        assert_eq!(shop.get("/profile", token).await.status, Status::Unauthorized);
    }
    assert_eq!(shop.events().await, ["session.revoked.v1"]);
    assert_eq!(shop.get("/profile", other.text("access_token")).await.status, Status::Ok);
    assert_eq!(shop.refresh(other.text("refresh_token")).await.status, Status::Ok);
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    for wrong in ["", "nonsense", ada.text("access_token"), &"A".repeat(43)] {
        assert_eq!(shop.refresh(wrong).await.status, Status::Unauthorized, "{wrong}");
    }
    assert!(shop.events().await.is_empty());
}

#[tokio::test]
async fn who_signs_out_is_out_at_once() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    let out = shop.send(Method::Post, "/logout", ada.text("access_token"), "", None).await;
    assert_eq!(out.status, Status::NoContent);
    assert_eq!(shop.get("/profile", ada.text("access_token")).await.status, Status::Unauthorized);
    assert_eq!(shop.refresh(ada.text("refresh_token")).await.status, Status::Unauthorized);
    assert_eq!(shop.events().await, ["session.revoked.v1"]);
}

#[tokio::test]
async fn an_access_token_ends_after_fifteen_minutes() {
    let shop = Shop::new().await;
    let ada = shop.sign_up("ada@example.com").await;
    shop.clock.set(START + Duration::from_secs(15 * 60));
    assert_eq!(shop.get("/profile", ada.text("access_token")).await.status, Status::Unauthorized);
    assert_eq!(shop.refresh(ada.text("refresh_token")).await.status, Status::Ok);
}
