//! Wishlists.

use contracts::{CustomerId, ProductId};

use super::fixture::{Fixture, NOW, SECOND};

pub async fn a_wishlist_has_each_product_once_and_the_newest_first(fixture: Fixture) {
    let (store, anna) = (&fixture.store, CustomerId::new());
    let (cup, pot) = (ProductId::new(), ProductId::new());
    assert!(store.add_to_wishlist(anna, cup, 10, NOW).await.unwrap());
    assert!(store.add_to_wishlist(anna, pot, 10, NOW + SECOND).await.unwrap());
    assert!(store.add_to_wishlist(anna, cup, 10, NOW + SECOND * 2).await.unwrap());
    assert_eq!(store.wishlist(anna).await.unwrap(), [(pot, NOW + SECOND), (cup, NOW)]);
    assert_eq!(store.wishlist(CustomerId::new()).await.unwrap(), []);
}

pub async fn a_full_wishlist_takes_no_more(fixture: Fixture) {
    let (store, anna, first) = (&fixture.store, CustomerId::new(), ProductId::new());
    assert!(store.add_to_wishlist(anna, first, 2, NOW).await.unwrap());
    assert!(store.add_to_wishlist(anna, ProductId::new(), 2, NOW).await.unwrap());
    assert!(!store.add_to_wishlist(anna, ProductId::new(), 2, NOW).await.unwrap());
    assert!(store.add_to_wishlist(anna, first, 2, NOW).await.unwrap(), "it is on the list already");
    assert_eq!(store.wishlist(anna).await.unwrap().len(), 2);
    assert!(store.add_to_wishlist(CustomerId::new(), first, 2, NOW).await.unwrap());
}

pub async fn what_is_removed_is_gone_from_one_list(fixture: Fixture) {
    let (store, anna, bert, cup) = (&fixture.store, CustomerId::new(), CustomerId::new(), ProductId::new());
    for customer in [anna, bert] {
        store.add_to_wishlist(customer, cup, 2, NOW).await.unwrap();
    }
    assert!(store.remove_from_wishlist(anna, cup).await.unwrap());
    assert!(!store.remove_from_wishlist(anna, cup).await.unwrap());
    assert_eq!(store.wishlist(anna).await.unwrap(), []);
    assert_eq!(store.wishlist(bert).await.unwrap(), [(cup, NOW)]);
}
