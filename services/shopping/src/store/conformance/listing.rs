//! Lists of orders.

use contracts::{CustomerId, OrderId, rpc::OrderStatus};

use super::fixture::Fixture;
use crate::store::OrderFilter;

const ALL: OrderFilter = OrderFilter { customer_id: None, status: None };

/// All orders that `filter` lets through, in pages of `limit`.
async fn paged(fixture: &Fixture, filter: OrderFilter, limit: u32) -> Vec<OrderId> {
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = fixture.store.orders(filter, after, limit).await.unwrap();
        assert!(page.len() <= limit as usize);
        let Some(last) = page.last() else { return seen };
        after = Some(last.id);
        seen.extend(page.iter().map(|order| order.id));
    }
}

pub async fn pages_visit_each_order_once_newest_first(fixture: Fixture) {
    let (anna, bert) = (CustomerId::new(), CustomerId::new());
    let mut placed = Vec::new();
    for n in 0..12 {
        placed.push(fixture.placed(if n % 3 == 0 { bert } else { anna }).await);
    }
    placed.reverse();
    let ids: Vec<OrderId> = placed.iter().map(|order| order.id).collect();
    for limit in [1, 5, 12, 100] {
        assert_eq!(paged(&fixture, ALL, limit).await, ids, "in pages of {limit}");
    }
    assert_eq!(fixture.store.orders(ALL, None, 100).await.unwrap(), placed, "each with its lines");
    assert_eq!(fixture.store.orders(ALL, ids.last().copied(), 100).await.unwrap(), []);
}

pub async fn orders_are_filtered_by_customer_and_status(fixture: Fixture) {
    let (anna, bert) = (CustomerId::new(), CustomerId::new());
    let mut of_anna = Vec::new();
    for status in [OrderStatus::Pending, OrderStatus::Confirmed, OrderStatus::Confirmed] {
        of_anna.insert(0, fixture.order_in(anna, status).await);
        fixture.order_in(bert, status).await;
    }
    let hers = OrderFilter { customer_id: Some(anna), status: None };
    assert_eq!(paged(&fixture, hers, 2).await, of_anna);
    let confirmed = Some(OrderStatus::Confirmed);
    assert_eq!(paged(&fixture, OrderFilter { status: confirmed, ..hers }, 1).await, of_anna[..2]);
    assert_eq!(paged(&fixture, OrderFilter { status: confirmed, ..ALL }, 3).await.len(), 4);
    let none = OrderFilter { customer_id: Some(CustomerId::new()), status: None };
    assert_eq!(paged(&fixture, none, 10).await, []);
    assert_eq!(paged(&fixture, OrderFilter { status: Some(OrderStatus::Refunded), ..ALL }, 10).await, []);
}

pub async fn a_page_holds_what_comes_before_though_more_is_placed(fixture: Fixture) {
    let anna = CustomerId::new();
    let first = fixture.placed(anna).await.id;
    let second = fixture.placed(anna).await.id;
    let page = fixture.store.orders(ALL, None, 1).await.unwrap();
    assert_eq!(page[0].id, second);
    fixture.placed(anna).await;
    let next = fixture.store.orders(ALL, Some(second), 10).await.unwrap();
    assert_eq!(next.iter().map(|order| order.id).collect::<Vec<_>>(), [first]);
}
