//! How the statements find their rows: over tables that are large, by an index.

use contracts::OrderId;
use platform::store::{Store as PlatformStore, postgres};

use super::{authorised, captured};
use crate::{
    domain::Operation,
    fixture::{Fixture, TOTAL, message, moment},
    provider::{Key, sandbox::Request},
};

/// Enough for a walk over a whole table to cost more than any index.
const POPULATE: [&str; 5] = [
    "INSERT INTO payment (order_id, status, amount, currency, captured, created_at, updated_at)
     SELECT gen_random_uuid(), 'captured', 500, 'EUR', 500, now(), now() FROM generate_series(1, 20000)",
    "INSERT INTO payment_history (order_id, at, operation, outcome)
     SELECT order_id, now(), 'capture', outcome FROM payment, (VALUES ('requested'), ('captured')) AS o (outcome)",
    "INSERT INTO sandbox_ledger (key, order_id, operation, amount, currency, outcome, at)
     SELECT order_id || operation, order_id, operation, 500, 'EUR', outcome, now()
     FROM payment, (VALUES ('authorise', 'held'), ('capture', 'captured')) AS o (operation, outcome)",
    "INSERT INTO sandbox_attempts SELECT key, 1 FROM sandbox_ledger",
    "ANALYZE",
];

/// Rather than the plans of copies of the statements, this looks at what the server counted while the store was used.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_large_table_is_walked_through() {
    let fixture = Fixture::postgres().await;
    let PlatformStore::Postgres(database) = &fixture.platform else { unreachable!() };
    let observer = postgres::open(&url(database).await).unwrap();
    for sql in POPULATE {
        observer.execute(sql, &[]).await.unwrap();
    }
    observer.execute("SELECT pg_stat_reset()", &[]).await.unwrap();
    // More often than a statement is planned for its very values.
    for _ in 0..8 {
        use_everything(&fixture).await;
    }
    database.query("SELECT pg_stat_force_next_flush()", &[]).await.unwrap();
    let used = "SELECT relname::text, seq_scan, coalesce(idx_scan, 0) AS idx_scan FROM pg_stat_user_tables
        WHERE relname IN ('payment', 'payment_history', 'sandbox_ledger', 'sandbox_attempts')";
    let counted = observer.query(used, &[]).await.unwrap();
    assert_eq!(counted.len(), 4);
    for row in counted {
        let (table, walks, finds): (&str, i64, i64) =
            (row.get("relname"), row.get("seq_scan"), row.get("idx_scan"));
        assert_eq!(walks, 0, "{table} was walked through");
        // Counting a try needs no more than the key's uniqueness, which is no scan.
        assert!(finds > 0 || table == "sandbox_attempts", "{table} was not used");
    }
}

/// How to reach the database that a store is in.
async fn url(database: &postgres::Database) -> String {
    let row = database.query("SELECT current_database()::text AS name", &[]).await.unwrap().remove(0);
    let admin = std::env::var("MERCATO_TEST_POSTGRES_URL").unwrap();
    let (server, _) = admin.rsplit_once('/').unwrap();
    format!("{server}/{}", row.get::<_, &str>("name"))
}

async fn use_everything(fixture: &Fixture) {
    let (store, ledger) = (&fixture.store, &fixture.ledger);
    let order = captured(fixture).await;
    store.request_refund(message(), order, TOTAL, moment()).await.unwrap();
    store.payment(order).await.unwrap();
    store.statement(order).await.unwrap();
    store.payments(None, 20).await.unwrap();
    store.payments(Some(order), 20).await.unwrap();
    let cancelled = authorised(fixture).await;
    store.cancel(message(), cancelled, moment()).await.unwrap();
    store.repeat_answer(message(), cancelled, moment().now).await.unwrap();
    for (operation, request) in
        [(Operation::Authorise, Request::Hold(TOTAL)), (Operation::Capture, Request::Capture(TOTAL))]
    {
        let key = Key::of(order, operation);
        ledger.count_attempt(&key).await.unwrap();
        ledger.enter(&key, order, request, moment().now).await.unwrap().unwrap();
    }
    ledger.accounts(None, 20).await.unwrap();
    ledger.accounts(Some(OrderId::new()), 20).await.unwrap();
}
