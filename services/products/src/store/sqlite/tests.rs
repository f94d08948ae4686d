//! The suite of the port, and what only this adapter promises.

use contracts::{OrderId, Service};
use platform::store::{Durability, Store as Opened, StoreError, StoreUrl, sqlite::Database};
use proptest::prelude::*;
use rusqlite::Connection;

use super::listing::match_expression;
use crate::{
    domain::SearchTerms,
    migrations,
    store::{StockAudit, conformance, conformance::Shop},
};

/// An empty shop in a folder of its own.
pub(crate) async fn shop() -> Shop {
    let folder = tempfile::tempdir().unwrap();
    let url = StoreUrl::Sqlite(folder.path().to_owned());
    Opened::migrate(&url, Service::Products, migrations()).await.unwrap();
    let opened = Opened::open(&url, Service::Products, Durability::Normal).await.unwrap();
    Shop::on(opened, folder)
}

conformance::suite!(shop);

fn database(shop: &Shop) -> &Database {
    match &shop.opened {
        Opened::Sqlite(database) => database,
        Opened::Postgres(_) => panic!("it is not a database of SQLite"),
    }
}

async fn execute(shop: &Shop, sql: &'static str) -> Result<(), StoreError> {
    database(shop).write(move |tx| Ok(tx.execute_batch(sql)?)).await
}

#[tokio::test]
async fn the_constraints_hold_whoever_writes() {
    let shop = shop().await;
    let id = shop.stocked(5).await;
    let order = OrderId::new();
    shop.place(order, &[(id, 2)]).await;
    let wrong = [
        "UPDATE products SET reserved = 6",
        "UPDATE products SET reserved = -1",
        "UPDATE products SET sold = -1",
        "UPDATE products SET sold = 4",
        "UPDATE products SET received = 1",
        "UPDATE products SET amount = 0",
        "UPDATE products SET amount = 100000001",
        "UPDATE products SET name = ''",
        "UPDATE products SET id = x'00'",
        "DELETE FROM products",
        "UPDATE reservations SET status = 'lost'",
        "UPDATE reservations SET expires_at = NULL",
        "DELETE FROM reservations",
        "UPDATE reservation_lines SET quantity = 0",
        "UPDATE reservation_lines SET product_id = x'0000000000000000000000000000000a'",
        "UPDATE stock_movements SET quantity = 0",
        "UPDATE stock_movements SET quantity = -5",
        "UPDATE stock_movements SET kind = 'stolen'",
    ];
    for sql in wrong {
        assert!(matches!(execute(&shop, sql).await, Err(StoreError::Failed(_))), "{sql}");
    }
    assert_eq!(shop.stock(id).await, (3, 2, 0));
}

#[tokio::test]
async fn an_audit_finds_each_way_for_the_books_to_be_wrong() {
    let clean = StockAudit { products: 2, ..StockAudit::default() };
    let below = StockAudit { below_zero: 1, reserved_differs: 1, ..clean };
    let cases = [
        (
            "UPDATE products SET received = received + 1 WHERE seq = 1",
            StockAudit { received_differs: 1, ..clean },
        ),
        ("DELETE FROM stock_movements WHERE id = 1", StockAudit { received_differs: 1, ..clean }),
        ("UPDATE products SET sold = sold + 1 WHERE seq = 1", StockAudit { sold_differs: 1, ..clean }),
        (
            "UPDATE products SET reserved = reserved - 1 WHERE seq = 1",
            StockAudit { reserved_differs: 1, ..clean },
        ),
        ("UPDATE reservations SET status = 'released'", StockAudit { reserved_differs: 1, ..clean }),
        ("PRAGMA ignore_check_constraints = 1; UPDATE products SET reserved = -1 WHERE seq = 1", below),
    ];
    for (sql, expected) in cases {
        let shop = shop().await;
        let id = shop.stocked(5).await;
        shop.stocked(5).await;
        shop.place(OrderId::new(), &[(id, 2)]).await;
        assert_eq!(shop.store.audit_stock().await.unwrap(), clean);
        execute(&shop, sql).await.unwrap();
        assert_eq!(shop.store.audit_stock().await.unwrap(), expected, "{sql}");
    }
}

async fn plan_of_a_list(shop: &Shop, filter: &str, key: &str, direction: &str) -> String {
    let sql = format!(
        "EXPLAIN QUERY PLAN SELECT name FROM products WHERE {filter} AND ({key}, id) > (?, ?)
         ORDER BY {key} {direction}, id {direction} LIMIT 20"
    );
    database(shop)
        .read(move |connection| {
            let mut rows = connection.prepare(&sql)?;
            let steps = rows.query_map((1, 2), |row| row.get::<_, String>(3))?;
            Ok(steps.collect::<Result<Vec<_>, _>>()?.join("; "))
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn every_order_of_a_list_is_read_from_an_index() {
    let shop = shop().await;
    for (key, direction) in
        [("created_at", "DESC"), ("amount", "ASC"), ("amount", "DESC"), ("sort_name", "ASC")]
    {
        for filter in ["archived_at IS NULL", "archived_at IS NULL AND category = 'kitchen'"] {
            let plan = plan_of_a_list(&shop, filter, key, direction).await;
            assert!(
                plan.contains("USING INDEX products_by_") && !plan.contains("TEMP B-TREE"),
                "{key}: {plan}"
            );
        }
    }
    let plan = plan_of_a_list(&shop, "archived_at IS NOT NULL", "created_at", "DESC").await;
    assert!(plan.contains("USING INDEX products_archived_by_age") && !plan.contains("TEMP B-TREE"), "{plan}");
}

proptest! {
    #[test]
    fn any_text_makes_a_query_that_the_index_understands(text in any::<String>()) {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE VIRTUAL TABLE t USING fts5 (name, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')",
            )
            .unwrap();
        if let Some(expression) = SearchTerms::parse(&text).as_ref().and_then(match_expression) {
            let found: i64 = connection
                .query_row("SELECT count(*) FROM t WHERE t MATCH ?1", [&expression], |row| row.get(0))
                .unwrap();
            prop_assert_eq!(found, 0);
        }
    }
}
