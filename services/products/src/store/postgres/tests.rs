//! The suite of the port, and what only this adapter promises, on a real server.

use std::time::Duration;

use contracts::{OrderId, ProductId, Service};
use platform::store::{Durability, Store as Opened, StoreError, postgres::Database};
use testkit::{eventually, servers::FreshDatabase};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::listing::Query;
use crate::{
    domain::{Listing, Position, SearchTerms, Sort},
    migrations,
    store::{
        StockAudit, conformance,
        conformance::{NOW, Shop},
    },
};

/// An empty shop in a database of its own.
async fn shop() -> Shop {
    let database = FreshDatabase::create().await;
    let url = database.store_url();
    Opened::migrate(&url, Service::Products, migrations()).await.unwrap();
    let opened = Opened::open(&url, Service::Products, Durability::Normal).await.unwrap();
    Shop::on(opened, database)
}

conformance::suite!(shop);

fn database(shop: &Shop) -> &Database {
    match &shop.opened {
        Opened::Postgres(database) => database,
        Opened::Sqlite(_) => panic!("it is not a database of PostgreSQL"),
    }
}

async fn execute(shop: &Shop, sql: &str) -> Result<(), StoreError> {
    database(shop).execute(sql, &[]).await.map(drop)
}

#[tokio::test]
async fn the_constraints_hold_whoever_writes() {
    let shop = shop().await;
    let id = shop.stocked(5).await;
    shop.place(OrderId::new(), &[(id, 2)]).await;
    let wrong = [
        "UPDATE products SET reserved = 6",
        "UPDATE products SET reserved = -1",
        "UPDATE products SET sold = -1",
        "UPDATE products SET sold = 4",
        "UPDATE products SET received = 1",
        "UPDATE products SET amount = 0",
        "UPDATE products SET amount = 100000001",
        "UPDATE products SET currency = 'eur'",
        "UPDATE products SET name = ''",
        "DELETE FROM products",
        "UPDATE reservations SET status = 'lost'",
        "UPDATE reservations SET expires_at = NULL",
        "DELETE FROM reservations",
        "UPDATE reservation_lines SET quantity = 0",
        "UPDATE reservation_lines SET product_id = gen_random_uuid()",
        "UPDATE stock_movements SET quantity = 0",
        "UPDATE stock_movements SET quantity = -5",
        "UPDATE stock_movements SET kind = 'stolen'",
    ];
    for sql in wrong {
        assert!(matches!(execute(&shop, sql).await, Err(StoreError::Failed(_))), "{sql}");
    }
    assert_eq!(shop.stock(id).await, (3, 2, 0));
}

/// Until a statement waits for what another one has locked.
async fn somebody_waits(shop: &Shop) {
    const WAITS: &str =
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("it waits", || async { database(shop).query(WAITS, &[]).await.unwrap().first().map(drop) })
        .await;
}

/// Whoever ends a reservation locks it first, and then the products: in the other order the two would wait for each other.
#[tokio::test]
async fn an_order_that_is_placed_again_locks_no_product_before_its_reservation() {
    const HOLDS: &str = "SELECT 1 FROM reservations WHERE order_id = $1 FOR NO KEY UPDATE";
    let shop = shop().await;
    let (id, order) = (shop.stocked(5).await, OrderId::new());
    shop.place(order, &[(id, 2)]).await;
    let mut connection = database(&shop).connection().await.unwrap();
    let holder = connection.begin();
    holder.query(HOLDS, &[&order.0]).await.unwrap();
    let lines = [(id, 2)];
    let mut again = std::pin::pin!(shop.place(order, &lines));
    tokio::select! {
        () = &mut again => panic!("nothing is waited for"),
        () = somebody_waits(&shop) => {}
    }
    let product = "SELECT 1 FROM products WHERE id = $1 FOR NO KEY UPDATE NOWAIT";
    holder.query(product, &[&id.0]).await.expect("the product is free");
    holder.commit().await.unwrap();
    again.await;
    assert_eq!(shop.stock(id).await, (3, 2, 0));
}

#[tokio::test]
async fn a_product_that_somebody_else_restores_meanwhile_is_found() {
    const RESTORES: &str = "UPDATE products SET archived_at = NULL WHERE id = $1";
    let shop = shop().await;
    let id = shop.stocked(5).await;
    shop.store.archive_product(id, NOW).await.unwrap();
    let mut connection = database(&shop).connection().await.unwrap();
    let other = connection.begin();
    other.query(RESTORES, &[&id.0]).await.unwrap();
    let mut restored = std::pin::pin!(shop.store.restore_product(id, NOW));
    tokio::select! {
        _ = &mut restored => panic!("nothing is waited for"),
        () = somebody_waits(&shop) => {}
    }
    other.commit().await.unwrap();
    let restored = restored.await.unwrap().expect("the product");
    assert_eq!((restored.id, restored.archived_at), (id, None));
}

#[tokio::test]
async fn an_audit_finds_each_way_for_the_books_to_be_wrong() {
    let shop = shop().await;
    let id = shop.stocked(5).await;
    shop.stocked(5).await;
    shop.place(OrderId::new(), &[(id, 2)]).await;
    let clean = StockAudit { products: 2, ..StockAudit::default() };
    assert_eq!(shop.store.audit_stock().await.unwrap(), clean);
    let this = format!("WHERE id = '{}'", id.0);
    let cases = [
        (
            format!("UPDATE products SET received = received + 1 {this}"),
            format!("UPDATE products SET received = received - 1 {this}"),
            StockAudit { received_differs: 1, ..clean },
        ),
        (
            format!("UPDATE products SET sold = sold + 1 {this}"),
            format!("UPDATE products SET sold = sold - 1 {this}"),
            StockAudit { sold_differs: 1, ..clean },
        ),
        (
            format!("UPDATE products SET reserved = reserved - 1 {this}"),
            format!("UPDATE products SET reserved = reserved + 1 {this}"),
            StockAudit { reserved_differs: 1, ..clean },
        ),
        (
            "UPDATE reservations SET status = 'released'".to_owned(),
            "UPDATE reservations SET status = 'held'".to_owned(),
            StockAudit { reserved_differs: 1, ..clean },
        ),
    ];
    for (breaks, mends, expected) in cases {
        execute(&shop, &breaks).await.unwrap();
        assert_eq!(shop.store.audit_stock().await.unwrap(), expected, "{breaks}");
        execute(&shop, &mends).await.unwrap();
    }
    execute(&shop, "ALTER TABLE products DROP CONSTRAINT products_reserved_check").await.unwrap();
    execute(&shop, &format!("UPDATE products SET reserved = -1 {this}")).await.unwrap();
    let below = StockAudit { below_zero: 1, reserved_differs: 1, ..clean };
    assert_eq!(shop.store.audit_stock().await.unwrap(), below);
}

/// Fills the shop with as many products as make a plan matter, and orders for them.
async fn fill(shop: &Shop) {
    for sql in [
        "INSERT INTO products (id, name, sort_name, description, category, amount, currency, received, reserved,
            created_at, updated_at)
         SELECT gen_random_uuid(), 'Product ' || n, 'product ' || n, 'Number ' || n || ' of many', 'category-' || n % 50,
            1 + n * 7919 % 100000, 'EUR', 100, 1, '2026-01-01'::timestamptz + n * interval '1 minute', now()
         FROM generate_series(1, 20000) AS n",
        "INSERT INTO stock_movements (product_id, kind, quantity, at)
         SELECT id, 'received', received, created_at FROM products",
        "INSERT INTO reservations (order_id, status, expires_at, created_at, updated_at)
         SELECT gen_random_uuid(), CASE WHEN n % 20 = 0 THEN 'held' ELSE 'released' END, now(), now(), now()
         FROM generate_series(1, 20000) AS n",
        "INSERT INTO reservation_lines (order_id, product_id, quantity)
         SELECT order_id, id, 1 FROM (SELECT order_id, row_number() OVER () AS n FROM reservations) AS o
         JOIN (SELECT id, row_number() OVER () AS n FROM products) AS p USING (n)",
        "ANALYZE",
    ] {
        execute(shop, sql).await.unwrap();
    }
}

async fn plan(shop: &Shop, sql: &str, values: &[&(dyn ToSql + Sync)]) -> String {
    let rows = database(shop).query(&format!("EXPLAIN {sql}"), values).await.unwrap();
    rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_list_is_read_from_an_index() {
    let shop = shop().await;
    fill(&shop).await;
    let id = ProductId::new();
    let orders = [
        (Sort::Newest, Position::Newest { at: NOW.as_micros() + 5_000_000_000_000, id }),
        (Sort::PriceAsc, Position::PriceAsc { amount: 500, id }),
        (Sort::PriceDesc, Position::PriceDesc { amount: 90_000, id }),
        (Sort::Name, Position::Name { name: "product 5".into(), id }),
    ];
    for (sort, position) in orders {
        for after in [None, Some(position)] {
            for category in [None, Some("category-7".to_owned())] {
                let filtered = category.is_some();
                let listing =
                    Listing { sort, category, after: after.clone(), limit: 20, ..Listing::default() };
                let plan = plan_of(&shop, &listing).await;
                let index = if filtered { "products_by_category_and_" } else { "products_by_" };
                assert!(plan.contains(index) && !plan.contains("Sort"), "{listing:?}:\n{plan}");
                assert!(!plan.contains("Seq Scan"), "{listing:?}:\n{plan}");
            }
        }
    }
    let search = SearchTerms::parse("product 777");
    let plan = plan_of(&shop, &Listing { search, limit: 20, ..Listing::default() }).await;
    assert!(plan.contains("products_by_word"), "{plan}");
}

#[tokio::test]
async fn a_list_of_what_is_archived_does_not_read_the_catalogue() {
    let shop = shop().await;
    fill(&shop).await;
    execute(&shop, "UPDATE products SET archived_at = now() WHERE amount % 50 = 0").await.unwrap();
    execute(&shop, "ANALYZE products").await.unwrap();
    let archived = Listing { archived: true, limit: 20, ..Listing::default() };
    let after = Some(Position::Newest { at: NOW.as_micros() + 5_000_000_000_000, id: ProductId::new() });
    for listing in [archived.clone(), Listing { after, ..archived.clone() }] {
        let plan = plan_of(&shop, &listing).await;
        assert!(plan.contains("products_archived_by_age") && !plan.contains("Sort"), "{listing:?}:\n{plan}");
    }
    for narrowed in [
        Listing { sort: Sort::Name, ..archived.clone() },
        Listing { category: Some("category-7".into()), ..archived.clone() },
        Listing { search: SearchTerms::parse("product 777"), ..archived },
    ] {
        let plan = plan_of(&shop, &narrowed).await;
        assert!(plan.contains("products_archived_by_age"), "{narrowed:?}:\n{plan}");
    }
}

async fn plan_of(shop: &Shop, listing: &Listing) -> String {
    let query = Query::of(listing).unwrap();
    let values: Vec<&(dyn ToSql + Sync)> = query.values.iter().map(|value| &**value as _).collect();
    plan(shop, &query.sql, &values).await
}

#[tokio::test]
async fn the_steps_of_a_checkout_find_their_rows_by_an_index() {
    let shop = shop().await;
    fill(&shop).await;
    let orders = vec![Uuid::now_v7()];
    let (ids, pieces) = (vec![Uuid::now_v7(), Uuid::now_v7()], vec![1_i64, 2]);
    let at = platform::store::postgres::moment(NOW + Duration::from_secs(1));
    let plans = [
        plan(&shop, super::reservations::FIND, &[&orders]).await,
        plan(&shop, super::reservations::STOCK, &[&ids, &orders]).await,
        plan(&shop, super::reservations::LINES, &[&orders]).await,
        plan(
            &shop,
            super::reservations::WRITE,
            &[&ids, &pieces, &pieces, &orders, &vec!["sold"], &at, &orders, &orders, &vec![1_i64]],
        )
        .await,
        plan(&shop, &super::rows::by_ids(), &[&ids]).await,
        plan(&shop, super::listing::HAS_CATEGORY, &[&"category-7"]).await,
        plan(&shop, super::audit::LIVE_RESERVATIONS, &[]).await,
    ];
    for plan in plans {
        assert!(plan.contains("Index") && !plan.contains("Seq Scan"), "{plan}");
    }
}
