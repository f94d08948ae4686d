//! What is sent to PostgreSQL, and what it refuses.

use platform::store::StoreError;
use testkit::conformance::messaging_store::MessagingStoreHarness as _;

use super::Postgres;

#[tokio::test]
async fn what_is_refused_is_told_by_code_and_message_without_the_row() {
    let postgres = Postgres::fresh().await;
    let database = &postgres.database;
    database
        .execute("CREATE TABLE login (name text CHECK (name <> 'nobody'), password text)", &[])
        .await
        .unwrap();
    let refused = database.execute("INSERT INTO login VALUES ('nobody', 'hunter2')", &[]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Failed(_)), "{refused}");
    let (text, debug) = (refused.to_string(), format!("{refused:?}"));
    assert!(text.contains("23514") && text.contains("login_name_check"), "{text}");
    assert!(!text.contains("hunter2") && !debug.contains("hunter2"), "{debug}");
}

/// A list has a statement for each set of filters, and anybody may ask for each of them.
#[tokio::test]
async fn a_connection_keeps_a_limited_number_of_statements() {
    const TEXTS: i64 = 300;
    let postgres = Postgres::fresh().await;
    let connection = postgres.database.connection().await.unwrap();
    for text in 0..TEXTS {
        connection.query(&format!("SELECT {text}::bigint"), &[]).await.unwrap();
    }
    let rows = connection.query("SELECT count(*) FROM pg_prepared_statements", &[]).await.unwrap();
    let kept: i64 = rows[0].get(0);
    assert!(kept > 1 && kept < TEXTS / 2, "{kept} of {TEXTS}");
}
