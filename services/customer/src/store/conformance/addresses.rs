//! Addresses.

use contracts::{AddressId, CustomerId};
use futures::future::join_all;
use platform::idempotency::{Idempotency, Once};

use super::fixture::{Fixture, NOW, address};
use crate::{
    domain::{Address, MOST_ADDRESSES},
    store::AddAddressOutcome,
};

async fn add(fixture: &Fixture, owner: CustomerId, street: &str) -> Address {
    let address = address(street);
    let outcome = fixture.store.add_address(owner, address.clone(), None, NOW).await.unwrap();
    assert_eq!(outcome, AddAddressOutcome::Added(Once::Done(address.id)));
    address
}

pub async fn an_address_is_found_changed_and_removed_by_its_owner_alone(fixture: Fixture) {
    let (ada, eve) = (fixture.known("ada@example.com").await, fixture.known("eve@example.com").await);
    let Address { id, details } = add(&fixture, ada.id, "12 Harbour Street").await;
    let moved = Address { id, details: address("1 Hill Road").details };

    assert_eq!(fixture.store.address(eve.id, id).await.unwrap(), None);
    assert!(!fixture.store.replace_address(eve.id, moved.clone()).await.unwrap());
    assert!(!fixture.store.remove_address(eve.id, id).await.unwrap());
    assert_eq!(fixture.store.address(ada.id, id).await.unwrap(), Some(details));

    assert!(fixture.store.replace_address(ada.id, moved.clone()).await.unwrap());
    assert_eq!(fixture.store.address(ada.id, id).await.unwrap(), Some(moved.details));
    assert!(fixture.store.remove_address(ada.id, id).await.unwrap());
    assert!(!fixture.store.remove_address(ada.id, id).await.unwrap());
    assert_eq!(fixture.store.address(ada.id, id).await.unwrap(), None);
}

pub async fn addresses_are_listed_in_the_order_of_their_making(fixture: Fixture) {
    let (ada, eve) = (fixture.known("ada@example.com").await, fixture.known("eve@example.com").await);
    let mut made = Vec::new();
    for street in ["1", "2", "3"] {
        made.push(add(&fixture, ada.id, street).await);
        add(&fixture, eve.id, street).await;
    }
    assert_eq!(fixture.store.addresses(ada.id, None, 10).await.unwrap(), made);
    assert_eq!(fixture.store.addresses(ada.id, None, 2).await.unwrap(), made[..2]);
    assert_eq!(fixture.store.addresses(ada.id, Some(made[1].id), 2).await.unwrap(), made[2..]);
    assert_eq!(fixture.store.addresses(ada.id, Some(made[2].id), 2).await.unwrap(), []);
}

pub async fn a_key_adds_one_address(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    let key = |what: &str| Some(Idempotency::new(&ada.id.to_string(), "k", "add_address", &what));
    let first = address("1");
    let outcome = fixture.store.add_address(ada.id, first.clone(), key("1"), NOW).await.unwrap();
    assert_eq!(outcome, AddAddressOutcome::Added(Once::Done(first.id)));
    let outcome = fixture.store.add_address(ada.id, address("1"), key("1"), NOW).await.unwrap();
    assert_eq!(outcome, AddAddressOutcome::Added(Once::Replayed(first.id)));
    let outcome = fixture.store.add_address(ada.id, address("2"), key("2"), NOW).await.unwrap();
    assert_eq!(outcome, AddAddressOutcome::Added(Once::<AddressId>::Conflict));
    assert_eq!(fixture.store.addresses(ada.id, None, 10).await.unwrap(), [first]);
}

pub async fn the_fifty_first_address_is_refused(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    let race = (0..MOST_ADDRESSES + 5).map(|_| fixture.store.add_address(ada.id, address("1"), None, NOW));
    let outcomes: Vec<_> = join_all(race).await.into_iter().map(Result::unwrap).collect();
    let refused = outcomes.iter().filter(|outcome| **outcome == AddAddressOutcome::TooMany).count();
    assert_eq!(refused, 5);

    let one = fixture.store.addresses(ada.id, None, 1).await.unwrap().remove(0);
    fixture.store.remove_address(ada.id, one.id).await.unwrap();
    add(&fixture, ada.id, "2").await;
}

pub async fn an_address_needs_an_account(fixture: Fixture) {
    let outcome = fixture.store.add_address(CustomerId::new(), address("1"), None, NOW).await.unwrap();
    assert_eq!(outcome, AddAddressOutcome::Gone);
}
