//! How the statements find their rows: over tables that are large, by an index.

use contracts::OrderId;
use platform::store::{Store as PlatformStore, postgres};
use testkit::servers::{FreshDatabase, Scans};

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
    let scans = Scans::after(&url(database).await, &POPULATE).await;
    // More often than a statement is planned for its very values.
    for _ in 0..8 {
        use_everything(&fixture).await;
    }
    database.query("SELECT pg_stat_force_next_flush()", &[]).await.unwrap();
    let tables = ["payment", "payment_history", "sandbox_ledger", "sandbox_attempts"];
    for (table, (walks, finds)) in scans.of(&tables).await {
        assert_eq!(walks, 0, "{table} was walked through");
        // Counting a try needs no more than the key's uniqueness, which is no scan.
        assert!(finds > 0 || table == "sandbox_attempts", "{table} was not used");
    }
}

/// How to reach the database that a store is in.
async fn url(database: &postgres::Database) -> String {
    let row = database.query("SELECT current_database()::text AS name", &[]).await.unwrap().remove(0);
    FreshDatabase::url_of(row.get("name"))
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
