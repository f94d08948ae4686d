//! Members of staff.

use customer::{AddStaffError, add_staff, staff_exists};
use rocket::http::Status;

use crate::service::Shop;

#[tokio::test]
async fn staff_sign_in_with_the_password_that_was_generated() {
    let shop = Shop::new().await;
    assert!(!staff_exists(&shop.store).await.unwrap());
    let password = add_staff(&shop.store, &shop.clock, "Boss@example.com").await.unwrap();
    assert!(staff_exists(&shop.store).await.unwrap());
    let boss = shop.log_in("boss@example.com", &password).await;
    assert_eq!(boss.status, Status::Ok);
    assert_eq!(shop.get("/profile", boss.text("access_token")).await.text("role"), "staff");
}

#[tokio::test]
async fn a_customer_is_not_made_staff() {
    let shop = Shop::new().await;
    shop.sign_up("ada@example.com").await;
    let outcome = add_staff(&shop.store, &shop.clock, "ada@example.com").await;
    assert!(matches!(outcome, Err(AddStaffError::AlreadyExists(_))));
    let outcome = add_staff(&shop.store, &shop.clock, "ada").await;
    assert_eq!(outcome.unwrap_err().to_string(), "'ada' must be an email address, such as ada@example.com");
    assert!(!staff_exists(&shop.store).await.unwrap());
}
