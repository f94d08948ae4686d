//! Carts, of customers and of guests.

use contracts::{CustomerId, Money, ProductId};
use futures::future::join_all;
use platform::idempotency::Once;

use super::fixture::{Fixture, LONG, NOW, SECOND, addition, euros, key};
use crate::{
    domain::{Cart, CartError, CartLine, CartOwner, MAX_QUANTITY},
    store::{AddToCart, Added, CartChange},
};

const GUEST: CartOwner = CartOwner::Guest([7; 32]);

fn customer() -> CartOwner {
    CartOwner::Customer(CustomerId::new())
}

const fn line(product_id: ProductId, quantity: u32, amount: i64) -> CartLine {
    CartLine { product_id, quantity, price: euros(amount) }
}

fn cart<const N: usize>(lines: [CartLine; N]) -> Added {
    Added::Cart(Cart { lines: lines.into() })
}

pub async fn a_customer_always_has_a_cart_and_a_guest_only_after_the_first_addition(fixture: Fixture) {
    let store = &fixture.store;
    assert_eq!(store.cart(customer()).await.unwrap(), Some(Cart::default()));
    assert_eq!(store.cart(GUEST).await.unwrap(), None);
    let cup = line(ProductId::new(), 1, 500);
    let unknown = AddToCart { new_guest: false, ..addition(GUEST, cup) };
    assert_eq!(store.add_to_cart(unknown.clone()).await.unwrap(), Once::Done(Added::NoCart));
    assert_eq!(store.cart(GUEST).await.unwrap(), None);
    assert_eq!(fixture.put(GUEST, cup.product_id, 1, 500).await, cart([cup]));
    let two = CartLine { quantity: 2, ..cup };
    assert_eq!(store.add_to_cart(unknown).await.unwrap(), Once::Done(cart([two])));
    assert_eq!(fixture.cart(GUEST).await.lines, [two]);
    assert_eq!(store.cart(CartOwner::Guest([8; 32])).await.unwrap(), None);
}

pub async fn the_same_product_twice_is_one_line_in_its_place(fixture: Fixture) {
    let (owner, cup, pot) = (customer(), ProductId::new(), ProductId::new());
    fixture.put(owner, cup, 1, 500).await;
    fixture.put(owner, pot, 1, 2_990).await;
    fixture.put(owner, cup, 2, 450).await;
    assert_eq!(fixture.cart(owner).await.lines, [line(cup, 3, 450), line(pot, 1, 2_990)]);
}

pub async fn an_addition_with_a_key_counts_once(fixture: Fixture) {
    let owner = customer();
    let cup = line(ProductId::new(), 1, 500);
    let once = AddToCart { idempotency: Some(key("k", "one cup")), ..addition(owner, cup) };
    let other = AddToCart { idempotency: Some(key("k", "two cups")), ..once.clone() };
    assert_eq!(fixture.store.add_to_cart(once.clone()).await.unwrap(), Once::Done(cart([cup])));
    assert_eq!(fixture.store.add_to_cart(once).await.unwrap(), Once::Replayed(cart([cup])));
    assert_eq!(fixture.store.add_to_cart(other).await.unwrap(), Once::Conflict);
    assert_eq!(fixture.cart(owner).await.lines[0].quantity, 1);
}

pub async fn a_refused_addition_changes_nothing_and_leaves_no_key(fixture: Fixture) {
    let (owner, cup) = (customer(), ProductId::new());
    fixture.put(owner, cup, MAX_QUANTITY, 500).await;
    let one_more =
        AddToCart { idempotency: Some(key("k", "one more")), ..addition(owner, line(cup, 1, 400)) };
    let refused = Once::Done(Added::Refused(CartError::TooMany));
    assert_eq!(fixture.store.add_to_cart(one_more.clone()).await.unwrap(), refused);
    assert_eq!(fixture.cart(owner).await.lines, [line(cup, MAX_QUANTITY, 500)]);
    fixture.store.clear_cart(owner, NOW).await.unwrap();
    let alone = cart([line(cup, 1, 400)]);
    assert_eq!(fixture.store.add_to_cart(one_more).await.unwrap(), Once::Done(alone));
}

pub async fn a_quantity_is_set_only_for_what_is_in_the_cart(fixture: Fixture) {
    let (store, owner, cup, pot) = (&fixture.store, customer(), ProductId::new(), ProductId::new());
    fixture.put(owner, cup, 1, 500).await;
    fixture.put(owner, pot, 1, 2_990).await;
    let set = |product, to| store.set_quantity(owner, product, to, NOW);
    assert_eq!(set(cup, Some((4, euros(450)))).await.unwrap(), CartChange::Changed);
    assert_eq!(fixture.cart(owner).await.lines, [line(cup, 4, 450), line(pot, 1, 2_990)]);
    assert_eq!(set(ProductId::new(), Some((1, euros(1)))).await.unwrap(), CartChange::NotInCart);
    assert_eq!(set(ProductId::new(), None).await.unwrap(), CartChange::NotInCart);
    let too_many = Some((MAX_QUANTITY + 1, euros(450)));
    assert_eq!(set(cup, too_many).await.unwrap(), CartChange::Refused(CartError::TooMany));
    assert_eq!(set(cup, None).await.unwrap(), CartChange::Changed);
    assert_eq!(fixture.cart(owner).await.lines, [line(pot, 1, 2_990)]);
    assert_eq!(store.set_quantity(GUEST, cup, None, NOW).await.unwrap(), CartChange::NoCart);
}

/// A cart has one currency, however a price comes into it.
pub async fn a_quantity_in_another_currency_is_refused(fixture: Fixture) {
    let (owner, cup, pot) = (customer(), ProductId::new(), ProductId::new());
    fixture.put(owner, cup, 1, 500).await;
    let dollars = Some((2, Money::new(600, "USD".parse().unwrap())));
    // Alone in the cart it may change its currency.
    let alone = fixture.store.set_quantity(owner, cup, dollars, NOW).await.unwrap();
    assert_eq!(alone, CartChange::Changed);
    fixture.store.set_quantity(owner, cup, Some((1, euros(500))), NOW).await.unwrap();
    fixture.put(owner, pot, 1, 2_990).await;
    let change = fixture.store.set_quantity(owner, cup, dollars, NOW).await.unwrap();
    assert_eq!(change, CartChange::Refused(CartError::MixedCurrencies));
    assert_eq!(fixture.cart(owner).await.lines, [line(cup, 1, 500), line(pot, 1, 2_990)]);
}

pub async fn a_cleared_cart_is_empty_and_still_there(fixture: Fixture) {
    let owner = customer();
    for owner in [owner, GUEST] {
        fixture.put(owner, ProductId::new(), 1, 500).await;
        assert_eq!(fixture.store.clear_cart(owner, NOW).await.unwrap(), CartChange::Changed);
        assert_eq!(fixture.cart(owner).await, Cart::default());
    }
    let unknown = CartOwner::Guest([8; 32]);
    assert_eq!(fixture.store.clear_cart(unknown, NOW).await.unwrap(), CartChange::NoCart);
}

pub async fn a_merge_moves_what_the_guest_had_and_spends_the_token(fixture: Fixture) {
    let (customer_id, cup, pot) = (CustomerId::new(), ProductId::new(), ProductId::new());
    let owner = CartOwner::Customer(customer_id);
    fixture.put(owner, cup, MAX_QUANTITY - 1, 500).await;
    fixture.put(GUEST, cup, 5, 450).await;
    fixture.put(GUEST, pot, 1, 2_990).await;
    assert_eq!(fixture.store.merge_carts([7; 32], customer_id).await.unwrap(), CartChange::Changed);
    assert_eq!(fixture.cart(owner).await.lines, [line(cup, MAX_QUANTITY, 450), line(pot, 1, 2_990)]);
    assert_eq!(fixture.store.cart(GUEST).await.unwrap(), None);
    assert_eq!(fixture.store.merge_carts([7; 32], customer_id).await.unwrap(), CartChange::NoCart);
    assert_eq!(fixture.cart(owner).await.lines.len(), 2);
}

pub async fn a_merge_that_does_not_fit_leaves_both_carts(fixture: Fixture) {
    let (customer_id, cup, pot) = (CustomerId::new(), ProductId::new(), ProductId::new());
    let owner = CartOwner::Customer(customer_id);
    fixture.put(owner, cup, 1, 500).await;
    let price = Money::new(500, "USD".parse().unwrap());
    let line = CartLine { product_id: pot, quantity: 1, price };
    fixture.store.add_to_cart(addition(GUEST, line)).await.unwrap();
    let refused = fixture.store.merge_carts([7; 32], customer_id).await.unwrap();
    assert_eq!(refused, CartChange::Refused(CartError::MixedCurrencies));
    assert_eq!(fixture.cart(owner).await.product_ids(), [cup]);
    assert_eq!(fixture.cart(GUEST).await.product_ids(), [pot]);
}

pub async fn prices_are_renewed_for_what_is_in_the_cart(fixture: Fixture) {
    let (owner, other, cup) = (customer(), customer(), ProductId::new());
    fixture.put(owner, cup, 2, 500).await;
    fixture.put(other, cup, 2, 500).await;
    let prices = vec![(cup, euros(550)), (ProductId::new(), euros(1))];
    fixture.store.reprice_cart(owner, prices).await.unwrap();
    assert_eq!(fixture.cart(owner).await.lines, [line(cup, 2, 550)]);
    assert_eq!(fixture.cart(other).await.lines, [line(cup, 2, 500)]);
}

pub async fn a_guests_cart_is_forgotten_when_nobody_has_touched_it_for_long(fixture: Fixture) {
    let (store, owner, cup) = (&fixture.store, customer(), ProductId::new());
    let (old, touched, new) =
        (CartOwner::Guest([1; 32]), CartOwner::Guest([2; 32]), CartOwner::Guest([3; 32]));
    for owner in [owner, old, touched] {
        fixture.put(owner, cup, 1, 500).await;
    }
    let later = NOW + LONG * 2;
    store.set_quantity(touched, cup, Some((2, euros(500))), later).await.unwrap();
    let making = AddToCart { now: later, forget_before: NOW + SECOND, ..addition(new, line(cup, 1, 500)) };
    assert_eq!(store.add_to_cart(making).await.unwrap(), Once::Done(cart([line(cup, 1, 500)])));
    assert_eq!(store.cart(old).await.unwrap(), None);
    for kept in [owner, touched, new] {
        assert_eq!(fixture.cart(kept).await.lines.len(), 1);
    }
}

pub async fn additions_at_once_all_count(fixture: Fixture) {
    let (owner, cup) = (customer(), ProductId::new());
    let added = join_all((0..20).map(|_| fixture.put(owner, cup, 1, 500))).await;
    for quantity in 1..=20 {
        assert!(added.contains(&cart([line(cup, quantity, 500)])), "nobody was told of {quantity}");
    }
    assert_eq!(fixture.cart(owner).await.lines, [line(cup, 20, 500)]);
}
