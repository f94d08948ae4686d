//! What every adapter of the port promises. An adapter's tests say `conformance::suite!(open)`, where `open` gives a
//! [`Shop`] on an empty store; each promise is a test of that adapter.

pub(super) mod catalogue;
pub(super) mod expiry;
pub(super) mod histories;
pub(super) mod listing;
pub(super) mod races;
pub(super) mod reservations;
pub(super) mod stock;

use std::{any::Any, sync::Arc, time::Duration};

use contracts::{
    Currency, CustomerId, Money, OrderId, ProductId, Service, Timestamp,
    events::{Event, OrderLine},
};
use platform::{
    idempotency::{Idempotency, Once},
    inbox::Received,
    messaging::Envelope,
    store::MessagingStore,
};
use uuid::Uuid;

use super::{ByStaff, Store};
use crate::domain::{Demand, NewProduct, Product};

macro_rules! suite {
    ($open:path) => {
        crate::store::conformance::suite! { $open =>
            catalogue: a_product_is_found_as_it_was_added;
            catalogue: a_repeated_request_adds_one_product;
            catalogue: a_key_serves_one_request;
            catalogue: a_revision_changes_what_it_names;
            catalogue: an_archived_product_is_in_no_list;
            catalogue: a_restored_product_is_for_sale_as_it_was;
            catalogue: an_import_is_all_or_nothing;
            catalogue: a_repeated_import_imports_once;
            catalogue: a_shop_is_seeded_once;
            catalogue: products_are_found_by_many_ids;
            listing: every_order_visits_each_product_once;
            listing: a_page_goes_on_where_the_last_one_ended_though_products_come_and_go;
            listing: filters_narrow_a_list;
            listing: archived_products_have_a_list_of_their_own;
            listing: a_search_finds_the_beginnings_of_words;
            listing: a_search_follows_a_product_that_changes;
            listing: any_text_can_be_searched_for;
            listing: categories_are_counted;
            stock: an_adjustment_is_in_the_ledger;
            stock: a_stock_is_not_lowered_below_what_is_reserved;
            stock: a_repeated_adjustment_counts_once;
            stock: a_refused_adjustment_leaves_its_key_unused;
            reservations: stock_is_reserved_all_or_nothing;
            reservations: what_is_archived_or_unknown_is_lacking;
            reservations: a_repeated_message_is_applied_once;
            reservations: an_order_that_asks_again_gets_the_same_answer;
            reservations: reserved_stock_is_sold_once;
            reservations: what_was_never_reserved_cannot_be_sold;
            reservations: a_release_gives_back_what_is_held_or_sold;
            reservations: a_release_counts_before_its_order_arrives;
            reservations: live_reservations_are_listed;
            expiry: a_reservation_ends_when_its_timer_fires;
            expiry: a_timer_that_no_longer_stands_does_nothing;
            expiry: a_reservation_whose_time_is_over_is_not_sold;
            races: the_last_pieces_go_to_exactly_as_many_orders;
            races: orders_for_the_same_products_do_not_stand_in_each_others_way;
            races: a_reservation_is_sold_or_expires_and_never_both;
            races: an_adjustment_and_orders_do_not_promise_the_same_piece;
            histories: any_history_keeps_the_books;
        }
    };
    ($open:path => $($group:ident: $promise:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            let shop = $open().await;
            crate::store::conformance::$group::$promise(&shop).await;
            let audit = shop.store.audit_stock().await.unwrap();
            assert!(audit.is_clean(), "{audit:?}");
        }
    )*};
}
pub(super) use suite;

/// The moment at which a test begins.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_763_900_000_000_000);
/// How long a reservation lasts in a test.
pub(crate) const TTL: Duration = Duration::from_secs(900);

/// A store to be tested.
pub(crate) struct Shop {
    /// What the platform opened.
    pub(crate) opened: platform::store::Store,
    pub(crate) store: Arc<dyn Store>,
    messaging: Arc<dyn MessagingStore>,
    /// What has to live as long as the store, such as its folder.
    _keep: Box<dyn Any + Send + Sync>,
}

impl Shop {
    /// A shop on `opened`, which is empty and has the schema.
    pub(crate) fn on(opened: platform::store::Store, keep: impl Any + Send + Sync) -> Self {
        let (store, messaging) = (super::open(&opened), opened.messaging());
        Self { opened, store, messaging, _keep: Box::new(keep) }
    }

    /// Adds a product of which there are `stock`.
    pub(crate) async fn stocked(&self, stock: u32) -> ProductId {
        self.add(NewProduct { stock, ..moka_pot() }).await.id
    }

    pub(crate) async fn add(&self, product: NewProduct) -> Product {
        let id = ProductId::new();
        match self.store.add_product(id, product, by_staff(None)).await.unwrap() {
            Once::Done(product) => product,
            other => panic!("{other:?}"),
        }
    }

    /// Available, reserved and sold pieces.
    pub(crate) async fn stock(&self, id: ProductId) -> (i64, i64, i64) {
        let stock = self.store.product(id).await.unwrap().unwrap().stock;
        (stock.available().into(), stock.reserved, stock.sold)
    }

    pub(crate) async fn place(&self, order: OrderId, lines: &[(ProductId, u32)]) {
        self.store.reserve_stock(message(), order, demand(lines), NOW, NOW + TTL).await.unwrap();
    }

    async fn commit(&self, order: OrderId) {
        self.store.commit_stock(message(), order, NOW).await.unwrap();
    }

    async fn release(&self, order: OrderId) {
        self.store.release_stock(message(), order, NOW).await.unwrap();
    }

    /// Everything in the outbox, in order.
    async fn published(&self) -> Vec<Envelope> {
        let rows = self.messaging.fetch(0, 100_000).await.unwrap();
        rows.into_iter().map(|row| row.envelope.unwrap()).collect()
    }

    /// The types of the events about `order`, in order.
    async fn told(&self, order: OrderId) -> Vec<String> {
        let published = self.published().await;
        published
            .into_iter()
            .filter(|event| event.aggregate == order.0)
            .map(|event| event.event_type)
            .collect()
    }

    /// The last event about `order`.
    async fn last<E: Event>(&self, order: OrderId) -> E {
        let published = self.published().await;
        let last = published.iter().rfind(|event| event.aggregate == order.0).unwrap();
        assert_eq!(last.event_type, E::TYPE);
        last.open().unwrap()
    }
}

/// An ordinary product.
pub(crate) fn moka_pot() -> NewProduct {
    NewProduct {
        name: "Moka pot, 3 cups".into(),
        description: "Strong coffee on the hob.".into(),
        category: "kitchen".into(),
        price: Money::new(2_990, Currency::EUR),
        stock: 10,
        image_url: Some("https://images.example/moka-pot.jpg".into()),
    }
}

fn by_staff(idempotency: Option<Idempotency>) -> ByStaff {
    ByStaff { actor: CustomerId(Uuid::from_u128(7)), at: NOW, idempotency }
}

fn key(key: &str, request: &str) -> Option<Idempotency> {
    Some(Idempotency::new("staff", key, "test", &request))
}

/// A message that was not received before.
fn message() -> Received {
    Received { consumer: Service::Products, message_id: Uuid::now_v7(), occurred_at: NOW }
}

fn demand(lines: &[(ProductId, u32)]) -> Demand {
    let lines: Vec<_> =
        lines.iter().map(|&(product_id, quantity)| OrderLine { product_id, quantity }).collect();
    Demand::of(&lines).unwrap()
}
