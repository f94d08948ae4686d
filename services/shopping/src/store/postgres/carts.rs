//! Carts.

use std::{iter::zip, slice::from_ref};

use contracts::{CustomerId, Money, ProductId, Timestamp};
use futures::{future::try_join_all, try_join};
use platform::{
    idempotency::{Known, Once, postgres as idempotency},
    store::{
        StoreError,
        postgres::{Asked, Transaction, moment},
    },
};

use super::cart_lines::{Change, empty, hold, hold_all, save};
use crate::{
    domain::CartOwner,
    store::{AddToCart, Added, CartChange},
};

/// Makes additions, each to another cart.
pub(super) async fn add(
    transaction: &Transaction<'_>,
    additions: &[Asked<AddToCart>],
) -> Result<Vec<Once<Added>>, StoreError> {
    let Some(now) = additions.iter().map(|addition| addition.now).max() else { return Ok(Vec::new()) };
    let owners: Vec<CartOwner> = additions.iter().map(|addition| addition.owner).collect();
    let known = additions.iter().map(|addition| known(transaction, addition));
    let (mut carts, known) = try_join!(hold_all(transaction, &owners), try_join_all(known))?;
    let (mut answers, mut changes, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    let mut newcomers = Vec::new();
    for (addition, known) in zip(additions, known) {
        let held = carts.remove(&addition.owner);
        let before = match (known, held) {
            (Known::Answered(()), held) => {
                answers.push(Once::Replayed(held.map_or(Added::NoCart, Added::Cart)));
                continue;
            }
            (Known::Conflict, _) => {
                answers.push(Once::Conflict);
                continue;
            }
            (Known::New, None) if !addition.new_guest => {
                answers.push(Once::Done(Added::NoCart));
                continue;
            }
            (Known::New, held) => held.unwrap_or_default(),
        };
        // A guest's first addition makes their cart even if it is refused.
        if addition.new_guest {
            newcomers.push(&**addition);
        }
        let mut after = before.clone();
        let line = addition.line;
        answers.push(Once::Done(match after.add(line.product_id, line.quantity, line.price) {
            Err(refusal) => Added::Refused(refusal),
            Ok(()) => {
                kept.push(&**addition);
                changes.push(Change { owner: addition.owner, before, after: after.clone() });
                Added::Cart(after)
            }
        }));
    }
    let touched: Vec<CartOwner> = changes.iter().map(|change| change.owner).collect();
    let write = async {
        try_join!(
            welcome(transaction, &newcomers, &owners),
            save(transaction, &changes),
            touch(transaction, &touched, now),
            try_join_all(kept.iter().map(|addition| keep(transaction, addition))),
        )
    };
    transaction.end_with(write).await?;
    Ok(answers)
}

async fn known(transaction: &Transaction<'_>, addition: &AddToCart) -> Result<Known<()>, StoreError> {
    match &addition.idempotency {
        Some(key) => idempotency::known(transaction, key).await,
        None => Ok(Known::New),
    }
}

async fn keep(transaction: &Transaction<'_>, addition: &AddToCart) -> Result<(), StoreError> {
    match &addition.idempotency {
        Some(key) => idempotency::keep(transaction, key, &(), addition.now).await,
        None => Ok(()),
    }
}

/// Makes the carts of guests who have none yet, and forgets those that nobody has touched for long, but for those of `held`.
async fn welcome(
    transaction: &Transaction<'_>,
    newcomers: &[&AddToCart],
    held: &[CartOwner],
) -> Result<(), StoreError> {
    let Some(first) = newcomers.first() else { return Ok(()) };
    let guests = newcomers.iter().filter_map(|addition| guest(&addition.owner));
    let guests: Vec<&[u8]> = guests.collect();
    let make = async {
        let sql =
            "INSERT INTO guest_cart (owner, touched_at) SELECT owner, $2 FROM unnest($1::bytea[]) AS owner
             ON CONFLICT DO NOTHING";
        transaction.execute(sql, &[&guests, &moment(first.now)]).await
    };
    try_join!(forget_guests(transaction, first.forget_before, held), make)?;
    Ok(())
}

/// Forgets carts of guests that nobody has touched since `before`, some at a time, but for those that somebody holds: this
/// transaction those of `held`.
async fn forget_guests(
    transaction: &Transaction<'_>,
    before: Timestamp,
    held: &[CartOwner],
) -> Result<(), StoreError> {
    let held: Vec<&[u8]> = held.iter().filter_map(guest).collect();
    transaction
        .execute(
            "WITH forgotten AS (
                DELETE FROM guest_cart WHERE owner IN
                    (SELECT owner FROM guest_cart WHERE touched_at < $1 AND owner <> ALL($2)
                     ORDER BY touched_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
                RETURNING owner)
             DELETE FROM cart_line USING forgotten WHERE cart_line.owner = forgotten.owner",
            &[&moment(before), &held],
        )
        .await?;
    Ok(())
}

const fn guest(owner: &CartOwner) -> Option<&[u8]> {
    match owner {
        CartOwner::Guest(hash) => Some(hash.as_slice()),
        CartOwner::Customer(_) => None,
    }
}

/// Notes when somebody was at the carts of the guests among `owners`.
async fn touch(
    transaction: &Transaction<'_>,
    owners: &[CartOwner],
    now: Timestamp,
) -> Result<(), StoreError> {
    let guests: Vec<&[u8]> = owners.iter().filter_map(guest).collect();
    if guests.is_empty() {
        return Ok(());
    }
    let sql = "UPDATE guest_cart SET touched_at = $2 WHERE owner = ANY($1)";
    transaction.execute(sql, &[&guests, &moment(now)]).await?;
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
    let change = [Change { owner, before, after }];
    try_join!(save(transaction, &change), touch(transaction, from_ref(&owner), now))?;
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
    try_join!(empty(transaction, from_ref(&owner)), touch(transaction, from_ref(&owner), now))?;
    Ok(CartChange::Changed)
}

pub(super) async fn merge(
    transaction: &Transaction<'_>,
    guest: [u8; 32],
    customer: CustomerId,
) -> Result<CartChange, StoreError> {
    let (from, to) = (CartOwner::Guest(guest), CartOwner::Customer(customer));
    let mut carts = hold_all(transaction, &[from, to]).await?;
    let Some(guests) = carts.remove(&from) else { return Ok(CartChange::NoCart) };
    let before = carts.remove(&to).unwrap_or_default();
    let mut after = before.clone();
    if let Err(refusal) = after.merge(&guests) {
        return Ok(CartChange::Refused(refusal));
    }
    let forget =
        async { transaction.execute("DELETE FROM guest_cart WHERE owner = $1", &[&&guest[..]]).await };
    let change = [Change { owner: to, before, after }];
    try_join!(save(transaction, &change), empty(transaction, from_ref(&from)), forget)?;
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
    save(transaction, &[Change { owner, before, after }]).await
}
