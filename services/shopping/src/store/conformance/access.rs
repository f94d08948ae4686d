//! How the statements find their rows: over tables that are large, by an index.

use contracts::{CustomerId, ProductId, rpc::OrderStatus};
use platform::store::{Store as PlatformStore, postgres};
use testkit::servers::{FreshDatabase, Scans};

use super::fixture::{Fixture, NOW, SECOND, message};
use crate::{
    checkout::Input,
    domain::CartOwner,
    store::{Cause, OrderFilter},
};

/// Enough for a walk over a whole table to cost more than any index.
const POPULATE: [&str; 7] = [
    "INSERT INTO orders (id, customer_id, status, amount, currency, payment_token, placed_at, updated_at)
     SELECT gen_random_uuid(), md5((n % 2000)::text)::uuid,
        (ARRAY['pending', 'confirmed', 'shipped', 'delivered'])[n % 4 + 1], 500, 'EUR', 'tok_ok', now(), now()
     FROM generate_series(1, 20000) AS n",
    "INSERT INTO order_line SELECT id, gen_random_uuid(), 'Cup', 500, 'EUR', 1 FROM orders, generate_series(1, 2)",
    "INSERT INTO order_timeline SELECT id, number, now(), status, 'note' FROM orders, generate_series(1, 3) AS number",
    "INSERT INTO guest_cart SELECT sha256(n::text::bytea), '2030-01-01' FROM generate_series(1, 20000) AS n",
    "INSERT INTO cart_line (owner, product_id, quantity, amount, currency)
     SELECT owner, gen_random_uuid(), 1, 500, 'EUR' FROM guest_cart, generate_series(1, 2)",
    "INSERT INTO wishlist_item
     SELECT md5((n % 2000)::text)::uuid, gen_random_uuid(), now() FROM generate_series(1, 20000) AS n",
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
    let tables = ["orders", "order_line", "order_timeline", "guest_cart", "cart_line", "wishlist_item"];
    for (table, (walks, finds)) in scans.of(&tables).await {
        assert_eq!(walks, 0, "{table} was walked through");
        assert!(finds > 0, "{table} was not used");
    }
}

/// How to reach the database that a store is in.
async fn url(database: &postgres::Database) -> String {
    let row = database.query("SELECT current_database()::text AS name", &[]).await.unwrap().remove(0);
    FreshDatabase::url_of(row.get("name"))
}

async fn use_everything(fixture: &Fixture) {
    let (store, anna, guest) = (&fixture.store, CustomerId::new(), *b"a guest who has just come to us.");
    let confirmed = fixture.order_in(anna, OrderStatus::Confirmed).await;
    let pending = fixture.placed(anna).await.id;
    for customer_id in [None, Some(anna)] {
        for status in [None, Some(OrderStatus::Confirmed)] {
            for after in [None, Some(confirmed)] {
                store.orders(OrderFilter { customer_id, status }, after, 20).await.unwrap();
            }
        }
    }
    store.timeline(confirmed, 1).await.unwrap();
    let timer = fixture.timer(pending).await.unwrap();
    store.advance(pending, Cause::Timer(timer), Input::TimedOut(1), NOW).await.unwrap();
    store.advance(pending, Cause::Message(message()), Input::StockReserved, NOW).await.unwrap();
    let (cup, pot) = (ProductId::new(), ProductId::new());
    fixture.put(CartOwner::Guest(guest), cup, 1, 500).await;
    fixture.put(CartOwner::Guest(guest), pot, 1, 500).await;
    store.set_quantity(CartOwner::Guest(guest), cup, None, NOW).await.unwrap();
    store.cart(CartOwner::Guest(guest)).await.unwrap();
    store.merge_carts(guest, anna).await.unwrap();
    store.cart(CartOwner::Customer(anna)).await.unwrap();
    store.reprice_cart(CartOwner::Customer(anna), vec![(pot, super::fixture::euros(1))]).await.unwrap();
    store.clear_cart(CartOwner::Customer(anna), NOW).await.unwrap();
    store.add_to_wishlist(anna, cup, 10, NOW + SECOND).await.unwrap();
    store.wishlist(anna).await.unwrap();
    store.remove_from_wishlist(anna, cup).await.unwrap();
    fixture.forget(anna).await;
}
