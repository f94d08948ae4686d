//! Carts.

use contracts::{CustomerId, Money, ProductId, Timestamp};
use futures::try_join;
use platform::{
    idempotency::{Known, Once, postgres as idempotency},
    store::{
        StoreError,
        postgres::{Transaction, moment},
    },
};

use super::cart_lines::{empty, hold, save};
use crate::{
    domain::{Cart, CartOwner},
    store::{AddToCart, Added, CartChange},
};

pub(super) async fn add(
    transaction: &Transaction<'_>,
    addition: &AddToCart,
) -> Result<Once<Added>, StoreError> {
    let (owner, line, now) = (addition.owner, addition.line, addition.now);
    let known = async {
        match &addition.idempotency {
            Some(key) => idempotency::known::<()>(transaction, key).await,
            None => Ok(Known::New),
        }
    };
    let (held, known) = try_join!(hold(transaction, owner), known)?;
    match known {
        Known::Answered(()) => return Ok(Once::Replayed(held.map_or(Added::NoCart, Added::Cart))),
        Known::Conflict => return Ok(Once::Conflict),
        Known::New => {}
    }
    let before = match held {
        Some(cart) => cart,
        None if addition.new_guest => Cart::default(),
        None => return Ok(Once::Done(Added::NoCart)),
    };
    let mut after = before.clone();
    let refused = after.add(line.product_id, line.quantity, line.price).err();
    // A guest's first addition makes their cart even if it is refused.
    let welcome = welcome(transaction, addition);
    if let Some(refusal) = refused {
        welcome.await?;
        return Ok(Once::Done(Added::Refused(refusal)));
    }
    let keep = async {
        match &addition.idempotency {
            Some(key) => idempotency::keep(transaction, key, &(), now).await,
            None => Ok(()),
        }
    };
    let save = save(transaction, owner, &before, &after);
    let write = async { try_join!(welcome, save, touch(transaction, owner, now), keep) };
    transaction.end_with(write).await?;
    Ok(Once::Done(Added::Cart(after)))
}

/// Makes the cart of a guest who has none yet, and forgets those that nobody has touched for long.
async fn welcome(transaction: &Transaction<'_>, addition: &AddToCart) -> Result<(), StoreError> {
    let (CartOwner::Guest(hash), true) = (addition.owner, addition.new_guest) else { return Ok(()) };
    let make = async {
        let sql = "INSERT INTO guest_cart (owner, touched_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        transaction.execute(sql, &[&&hash[..], &moment(addition.now)]).await
    };
    try_join!(forget_guests(transaction, addition.forget_before), make)?;
    Ok(())
}

/// Forgets carts of guests that nobody has touched since `before`, some at a time, but for those that somebody holds.
async fn forget_guests(transaction: &Transaction<'_>, before: Timestamp) -> Result<(), StoreError> {
    transaction
        .execute(
            "WITH forgotten AS (
                DELETE FROM guest_cart WHERE owner IN
                    (SELECT owner FROM guest_cart WHERE touched_at < $1
                     ORDER BY touched_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
                RETURNING owner)
             DELETE FROM cart_line USING forgotten WHERE cart_line.owner = forgotten.owner",
            &[&moment(before)],
        )
        .await?;
    Ok(())
}

pub(super) async fn set_quantity(
    transaction: &Transaction<'_>,
    owner: CartOwner,
    product_id: ProductId,
    to: Option<(u32, Money)>,
    now: Timestamp,
) -> Result<CartChange, StoreError> {
    let Some(before) = hold(transaction, owner).await? else { return Ok(CartChange::NoCart) };
    let mut after = before.clone();
    match after.set(product_id, to) {
        Ok(true) => {}
        Ok(false) => return Ok(CartChange::NotInCart),
        Err(refusal) => return Ok(CartChange::Refused(refusal)),
    }
    try_join!(save(transaction, owner, &before, &after), touch(transaction, owner, now))?;
    Ok(CartChange::Changed)
}

pub(super) async fn clear(
    transaction: &Transaction<'_>,
    owner: CartOwner,
    now: Timestamp,
) -> Result<CartChange, StoreError> {
    if hold(transaction, owner).await?.is_none() {
        return Ok(CartChange::NoCart);
    }
    try_join!(empty(transaction, owner), touch(transaction, owner, now))?;
    Ok(CartChange::Changed)
}

pub(super) async fn merge(
    transaction: &Transaction<'_>,
    guest: [u8; 32],
    customer: CustomerId,
) -> Result<CartChange, StoreError> {
    let (from, to) = (CartOwner::Guest(guest), CartOwner::Customer(customer));
    // Guests come before customers, whoever merges.
    let (guests, before) = try_join!(hold(transaction, from), hold(transaction, to))?;
    let Some(guests) = guests else { return Ok(CartChange::NoCart) };
    let before = before.unwrap_or_default();
    let mut after = before.clone();
    if let Err(refusal) = after.merge(&guests) {
        return Ok(CartChange::Refused(refusal));
    }
    let forget =
        async { transaction.execute("DELETE FROM guest_cart WHERE owner = $1", &[&&guest[..]]).await };
    try_join!(save(transaction, to, &before, &after), empty(transaction, from), forget)?;
    Ok(CartChange::Changed)
}

pub(super) async fn reprice(
    transaction: &Transaction<'_>,
    owner: CartOwner,
    prices: &[(ProductId, Money)],
) -> Result<(), StoreError> {
    let Some(before) = hold(transaction, owner).await? else { return Ok(()) };
    let mut after = before.clone();
    for line in &mut after.lines {
        if let Some((_, price)) = prices.iter().find(|(product_id, _)| *product_id == line.product_id) {
            line.price = *price;
        }
    }
    save(transaction, owner, &before, &after).await
}

async fn touch(transaction: &Transaction<'_>, owner: CartOwner, now: Timestamp) -> Result<(), StoreError> {
    if let CartOwner::Guest(hash) = owner {
        transaction
            .execute("UPDATE guest_cart SET touched_at = $2 WHERE owner = $1", &[&&hash[..], &moment(now)])
            .await?;
    }
    Ok(())
}
