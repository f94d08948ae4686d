//! What arrives is understood, or refused for good.

use std::sync::Arc;

use contracts::{
    OrderId, ProductId, Service,
    events::{Event, OrderAuthorised, OrderCancelled, OrderDeclined, OrderLine, OrderPlaced},
    rpc::FindProducts,
};
use platform::{
    Clock,
    inbox::{EventRouter, HandlerError},
    messaging::{Envelope, RpcError},
    timers::Timer,
};

use super::{events, find_products, timers};
use crate::{
    Products, Settings,
    store::{self, Shop},
};

fn products(shop: &Shop) -> Arc<Products> {
    Arc::new(Products::new(Arc::clone(&shop.store), Clock::system(), Settings::default()))
}

async fn dispatch(products: &Arc<Products>, event: &impl Event) -> Result<(), HandlerError> {
    let router = events(EventRouter::new(Service::Products), products);
    router.dispatch(&Envelope::seal(event, products.clock.now())).await
}

#[tokio::test]
async fn a_checkout_moves_stock_from_available_to_reserved_to_sold_and_back() {
    let shop = store::shop().await;
    let products = products(&shop);
    let (product_id, order_id) = (shop.stocked(5).await, OrderId::new());
    let lines = vec![OrderLine { product_id, quantity: 2 }];
    dispatch(&products, &OrderPlaced { order_id, lines }).await.unwrap();
    assert_eq!(shop.stock(product_id).await, (3, 2, 0));
    dispatch(&products, &OrderAuthorised { order_id }).await.unwrap();
    assert_eq!(shop.stock(product_id).await, (3, 0, 2));
    dispatch(&products, &OrderCancelled { order_id }).await.unwrap();
    dispatch(&products, &OrderDeclined { order_id }).await.unwrap();
    assert_eq!(shop.stock(product_id).await, (5, 0, 0));
}

#[tokio::test]
async fn an_order_that_is_none_is_a_dead_letter_at_once() {
    let shop = store::shop().await;
    let products = products(&shop);
    let order_id = OrderId::new();
    let nothing = OrderPlaced { order_id, lines: Vec::new() };
    assert!(matches!(dispatch(&products, &nothing).await, Err(HandlerError::Malformed(_))));
}

#[tokio::test]
async fn a_timer_of_another_kind_is_refused() {
    let shop = store::shop().await;
    let timers = timers(&products(&shop));
    let timer =
        Timer { kind: "egg".into(), subject: OrderId::new().0, attempt: 1, due_at: Clock::system().now() };
    assert!(matches!(timers.fire(timer).await, Err(HandlerError::Malformed(_))));
}

#[tokio::test]
async fn a_question_may_name_500_products_and_finds_archived_ones() {
    let shop = store::shop().await;
    let products = products(&shop);
    let id = shop.stocked(5).await;
    shop.store.archive_product(id, products.clock.now()).await.unwrap();
    let mut ids = vec![id];
    ids.extend((0..499).map(|_| ProductId::new()));
    let found =
        find_products::answer(Arc::clone(&products), FindProducts { ids: ids.clone() }).await.unwrap();
    let [found] = &found.products[..] else { panic!("{found:?}") };
    assert_eq!((found.id, found.available, found.archived), (id, 5, true));
    ids.push(ProductId::new());
    let refused = find_products::answer(products, FindProducts { ids }).await;
    assert!(matches!(refused, Err(RpcError::Invalid(_))));
}
