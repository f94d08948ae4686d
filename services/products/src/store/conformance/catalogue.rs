//! The catalogue.

use std::time::Duration;

use contracts::{Currency, Money, OrderId, ProductId};
use platform::idempotency::Once;

use super::{NOW, Shop, by_staff, key, moka_pot};
use crate::domain::{Listing, NewProduct, Product, ProductPatch};

async fn listed(shop: &Shop) -> usize {
    shop.store.list_products(Listing { limit: 1_000, ..Listing::default() }).await.unwrap().len()
}

pub(crate) async fn a_product_is_found_as_it_was_added(shop: &Shop) {
    let added = shop.add(moka_pot()).await;
    let found = shop.store.product(added.id).await.unwrap().unwrap();
    assert_eq!(found, added);
    assert_eq!((found.name, found.description), (moka_pot().name, moka_pot().description));
    assert_eq!((found.category, found.price), (moka_pot().category, moka_pot().price));
    assert_eq!((found.image_url, found.stock.available()), (moka_pot().image_url, 10));
    assert_eq!((found.created_at, found.updated_at, found.archived_at), (NOW, NOW, None));
    assert_eq!(shop.store.product(ProductId::new()).await.unwrap(), None);
}

pub(crate) async fn a_repeated_request_adds_one_product(shop: &Shop) {
    let add = || shop.store.add_product(ProductId::new(), moka_pot(), by_staff(key("k", "moka pot")));
    let Once::Done(first) = add().await.unwrap() else { panic!("it was not new") };
    assert_eq!(add().await.unwrap(), Once::Replayed(first));
    assert_eq!(listed(shop).await, 1);
}

pub(crate) async fn a_key_serves_one_request(shop: &Shop) {
    let add = |request| shop.store.add_product(ProductId::new(), moka_pot(), by_staff(key("k", request)));
    assert!(matches!(add("moka pot").await.unwrap(), Once::Done(_)));
    assert_eq!(add("kettle").await.unwrap(), Once::Conflict);
    assert_eq!(listed(shop).await, 1);
}

pub(crate) async fn a_revision_changes_what_it_names(shop: &Shop) {
    let before = shop.add(moka_pot()).await;
    let later = NOW + Duration::from_secs(1);
    let dearer = ProductPatch { price: Some(Money::new(3_490, Currency::EUR)), ..ProductPatch::default() };
    let revised = shop.store.revise_product(before.id, dearer, later).await.unwrap().unwrap();
    assert_eq!(revised.price.amount, 3_490);
    let expected = Product { price: revised.price, updated_at: later, ..before };
    assert_eq!(revised, expected);
    assert_eq!(shop.store.product(expected.id).await.unwrap(), Some(expected.clone()));

    let no_picture = ProductPatch { image_url: Some(None), ..ProductPatch::default() };
    let revised = shop.store.revise_product(expected.id, no_picture.clone(), later).await.unwrap().unwrap();
    assert_eq!(revised.image_url, None);
    assert_eq!(shop.store.revise_product(ProductId::new(), no_picture, later).await.unwrap(), None);
}

pub(crate) async fn an_archived_product_is_in_no_list(shop: &Shop) {
    let id = shop.stocked(3).await;
    let later = NOW + Duration::from_secs(1);
    assert!(shop.store.archive_product(id, later).await.unwrap());
    assert!(shop.store.archive_product(id, later + Duration::from_secs(1)).await.unwrap());
    assert!(!shop.store.archive_product(ProductId::new(), later).await.unwrap());

    assert_eq!(shop.store.product(id).await.unwrap().unwrap().archived_at, Some(later));
    assert_eq!(shop.store.products(&[id]).await.unwrap().len(), 1);
    assert_eq!(listed(shop).await, 0);
    assert_eq!(shop.store.categories().await.unwrap(), []);
    assert!(!shop.store.has_category("kitchen").await.unwrap());
    let rename = ProductPatch { name: Some("Kettle".into()), ..ProductPatch::default() };
    assert_eq!(shop.store.revise_product(id, rename, later).await.unwrap(), None);
}

pub(crate) async fn a_restored_product_is_for_sale_as_it_was(shop: &Shop) {
    let id = shop.stocked(10).await;
    let (held, sold) = (OrderId::new(), OrderId::new());
    shop.place(held, &[(id, 2)]).await;
    shop.place(sold, &[(id, 3)]).await;
    shop.commit(sold).await;
    let before = shop.store.product(id).await.unwrap().unwrap();
    let [archived, restored, again] = [1, 2, 3].map(|seconds| NOW + Duration::from_secs(seconds));
    assert_eq!(shop.store.restore_product(id, archived).await.unwrap(), Some(before.clone()));

    shop.store.archive_product(id, archived).await.unwrap();
    let expected = Product { updated_at: restored, ..before };
    for at in [restored, again] {
        assert_eq!(shop.store.restore_product(id, at).await.unwrap(), Some(expected.clone()));
        assert_eq!(shop.store.product(id).await.unwrap(), Some(expected.clone()));
    }
    assert_eq!(listed(shop).await, 1);
    assert!(shop.store.has_category("kitchen").await.unwrap());
    shop.place(OrderId::new(), &[(id, 5)]).await;
    assert_eq!(shop.stock(id).await, (0, 7, 3));
    assert_eq!(shop.store.restore_product(ProductId::new(), again).await.unwrap(), None);
}

pub(crate) async fn an_import_is_all_or_nothing(shop: &Shop) {
    let id = ProductId::new();
    let twice = vec![(ProductId::new(), moka_pot()), (id, moka_pot()), (id, moka_pot())];
    assert!(shop.store.import_products(twice, by_staff(key("k", "import"))).await.is_err());
    assert_eq!(listed(shop).await, 0);
    let once = vec![(ProductId::new(), moka_pot()), (id, moka_pot())];
    assert_eq!(shop.store.import_products(once, by_staff(key("k", "import"))).await.unwrap(), Once::Done(2));
    assert_eq!(listed(shop).await, 2);
}

pub(crate) async fn a_repeated_import_imports_once(shop: &Shop) {
    let import = |request| {
        let products =
            vec![(ProductId::new(), moka_pot()), (ProductId::new(), NewProduct { stock: 0, ..moka_pot() })];
        shop.store.import_products(products, by_staff(key("k", request)))
    };
    assert_eq!(import("two").await.unwrap(), Once::Done(2));
    assert_eq!(import("two").await.unwrap(), Once::Replayed(2));
    assert_eq!(import("others").await.unwrap(), Once::Conflict);
    assert_eq!(listed(shop).await, 2);
}

pub(crate) async fn a_shop_is_seeded_once(shop: &Shop) {
    let seed = || {
        shop.store.seed_products(vec![(ProductId::new(), moka_pot()), (ProductId::new(), moka_pot())], NOW)
    };
    assert_eq!(seed().await.unwrap(), 2);
    assert_eq!(seed().await.unwrap(), 0);
    assert_eq!(listed(shop).await, 2);
}

pub(crate) async fn products_are_found_by_many_ids(shop: &Shop) {
    let mut ids = vec![shop.stocked(1).await, shop.stocked(2).await];
    ids.extend((0..498).map(|_| ProductId::new()));
    ids.push(ids[0]);
    let mut found: Vec<_> =
        shop.store.products(&ids).await.unwrap().iter().map(|product| product.id).collect();
    found.sort();
    assert_eq!(found, ids[..2]);
    assert_eq!(shop.store.products(&[]).await.unwrap(), []);
}
