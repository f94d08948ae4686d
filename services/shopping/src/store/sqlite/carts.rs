//! Carts.

use contracts::{CustomerId, Money, ProductId, Timestamp};
use platform::{
    idempotency::{Known, Once, sqlite as idempotency},
    store::{StoreError, sqlite::Transaction},
};
use rusqlite::{Connection, params};

use super::money;
use crate::{
    domain::{Cart, CartLine, CartOwner},
    store::{AddToCart, Added, CartChange},
};

/// The key of a cart: 16 bytes for a customer, 32 for a guest.
fn key(owner: CartOwner) -> Vec<u8> {
    match owner {
        CartOwner::Customer(customer) => customer.0.as_bytes().to_vec(),
        CartOwner::Guest(hash) => hash.to_vec(),
    }
}

/// Whether there is such a cart. A customer's is there even before anything is in it.
fn exists(connection: &Connection, owner: CartOwner) -> Result<bool, StoreError> {
    match owner {
        CartOwner::Customer(_) => Ok(true),
        CartOwner::Guest(hash) => {
            Ok(connection.prepare_cached("SELECT 1 FROM guest_cart WHERE owner = ?1")?.exists([&hash[..]])?)
        }
    }
}

pub(super) fn find(connection: &Connection, owner: CartOwner) -> Result<Option<Cart>, StoreError> {
    let lines = lines(connection, owner)?;
    if lines.is_empty() && !exists(connection, owner)? {
        return Ok(None);
    }
    Ok(Some(Cart { lines }))
}

pub(super) fn lines(connection: &Connection, owner: CartOwner) -> Result<Vec<CartLine>, StoreError> {
    let mut rows = connection.prepare_cached(
        "SELECT product_id, quantity, amount, currency FROM cart_line WHERE owner = ?1 ORDER BY position",
    )?;
    let rows = rows.query_map([key(owner)], |row| {
        Ok(CartLine { product_id: ProductId(row.get(0)?), quantity: row.get(1)?, price: money(row, 2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes a cart anew. Of a customer who has been deleted meanwhile nothing is kept.
fn save(transaction: &Transaction<'_>, owner: CartOwner, cart: &Cart) -> Result<(), StoreError> {
    let key = key(owner);
    transaction.prepare_cached("DELETE FROM cart_line WHERE owner = ?1")?.execute([&key])?;
    if let CartOwner::Customer(customer) = owner
        && is_gone(transaction, customer)?
    {
        return Ok(());
    }
    let mut insert = transaction.prepare_cached(
        "INSERT INTO cart_line (owner, position, product_id, quantity, amount, currency) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (position, line) in (0_i64..).zip(&cart.lines) {
        let (amount, currency) = (line.price.amount, line.price.currency.as_str());
        insert.execute(params![key, position, line.product_id.0, line.quantity, amount, currency])?;
    }
    Ok(())
}

/// Whether a customer has been deleted.
pub(super) fn is_gone(connection: &Connection, customer: CustomerId) -> Result<bool, StoreError> {
    let mut rows =
        connection.prepare_cached("SELECT 1 FROM revocation WHERE subject = ?1 AND kind = 'customer'")?;
    Ok(rows.exists([customer.0])?)
}

fn touch(transaction: &Transaction<'_>, owner: CartOwner, now: Timestamp) -> Result<(), StoreError> {
    if let CartOwner::Guest(hash) = owner {
        transaction
            .prepare_cached("UPDATE guest_cart SET touched_at = ?2 WHERE owner = ?1")?
            .execute(params![&hash[..], now.as_micros()])?;
    }
    Ok(())
}

pub(super) fn add(transaction: &Transaction<'_>, addition: &AddToCart) -> Result<Once<Added>, StoreError> {
    if let Some(key) = &addition.idempotency {
        match idempotency::known::<()>(transaction, key)? {
            Known::Answered(()) => {
                let cart = find(transaction, addition.owner)?;
                return Ok(Once::Replayed(cart.map_or(Added::NoCart, Added::Cart)));
            }
            Known::Conflict => return Ok(Once::Conflict),
            Known::New => {}
        }
    }
    let (owner, line) = (addition.owner, addition.line);
    if let (CartOwner::Guest(hash), true) = (owner, addition.new_guest) {
        prune(transaction, addition.forget_before)?;
        transaction
            .prepare_cached(
                "INSERT INTO guest_cart (owner, touched_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute(params![&hash[..], addition.now.as_micros()])?;
    } else if !exists(transaction, owner)? {
        return Ok(Once::Done(Added::NoCart));
    }
    let mut cart = Cart { lines: lines(transaction, owner)? };
    if let Err(refusal) = cart.add(line.product_id, line.quantity, line.price) {
        return Ok(Once::Done(Added::Refused(refusal)));
    }
    save(transaction, owner, &cart)?;
    touch(transaction, owner, addition.now)?;
    if let Some(key) = &addition.idempotency {
        idempotency::keep(transaction, key, &(), addition.now)?;
    }
    Ok(Once::Done(Added::Cart(cart)))
}

pub(super) fn set_quantity(
    transaction: &Transaction<'_>,
    owner: CartOwner,
    product_id: ProductId,
    to: Option<(u32, Money)>,
    now: Timestamp,
) -> Result<CartChange, StoreError> {
    if !exists(transaction, owner)? {
        return Ok(CartChange::NoCart);
    }
    let mut cart = Cart { lines: lines(transaction, owner)? };
    match cart.set(product_id, to) {
        Ok(true) => {}
        Ok(false) => return Ok(CartChange::NotInCart),
        Err(refusal) => return Ok(CartChange::Refused(refusal)),
    }
    save(transaction, owner, &cart)?;
    touch(transaction, owner, now)?;
    Ok(CartChange::Changed)
}

pub(super) fn clear(
    transaction: &Transaction<'_>,
    owner: CartOwner,
    now: Timestamp,
) -> Result<CartChange, StoreError> {
    if !exists(transaction, owner)? {
        return Ok(CartChange::NoCart);
    }
    save(transaction, owner, &Cart::default())?;
    touch(transaction, owner, now)?;
    Ok(CartChange::Changed)
}

pub(super) fn merge(
    transaction: &Transaction<'_>,
    guest: [u8; 32],
    customer: CustomerId,
) -> Result<CartChange, StoreError> {
    let (from, to) = (CartOwner::Guest(guest), CartOwner::Customer(customer));
    if !exists(transaction, from)? {
        return Ok(CartChange::NoCart);
    }
    let mut cart = Cart { lines: lines(transaction, to)? };
    if let Err(refusal) = cart.merge(&Cart { lines: lines(transaction, from)? }) {
        return Ok(CartChange::Refused(refusal));
    }
    save(transaction, to, &cart)?;
    save(transaction, from, &Cart::default())?;
    transaction.execute("DELETE FROM guest_cart WHERE owner = ?1", [&guest[..]])?;
    Ok(CartChange::Changed)
}

pub(super) fn reprice(
    transaction: &Transaction<'_>,
    owner: CartOwner,
    prices: &[(ProductId, Money)],
) -> Result<(), StoreError> {
    let mut update = transaction.prepare_cached(
        "UPDATE cart_line SET amount = ?3, currency = ?4 WHERE owner = ?1 AND product_id = ?2",
    )?;
    for (product_id, price) in prices {
        update.execute(params![key(owner), product_id.0, price.amount, price.currency.as_str()])?;
    }
    Ok(())
}

fn prune(transaction: &Transaction<'_>, before: Timestamp) -> Result<(), StoreError> {
    let before = before.as_micros();
    transaction.execute(
        "DELETE FROM cart_line WHERE owner IN (SELECT owner FROM guest_cart WHERE touched_at < ?1)",
        [before],
    )?;
    transaction.execute("DELETE FROM guest_cart WHERE touched_at < ?1", [before])?;
    Ok(())
}
