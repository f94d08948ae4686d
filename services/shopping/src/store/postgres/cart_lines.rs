//! The lines of carts. Whoever changes some locks their owner first, so that what is decided about the whole cart still
//! holds when it is written.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use contracts::ProductId;
use futures::try_join;
use platform::{
    loader::Loader,
    store::{
        StoreError,
        postgres::{Connection, Database, Transaction, count},
    },
};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{integer, money};
use crate::domain::{Cart, CartLine, CartOwner};

/// The key of a cart: 16 bytes for a customer, 32 for a guest.
fn key(owner: CartOwner) -> Vec<u8> {
    match owner {
        CartOwner::Customer(customer) => customer.0.as_bytes().to_vec(),
        CartOwner::Guest(hash) => hash.to_vec(),
    }
}

/// Reads carts. A guest's that is not known is not found; a customer always has one.
pub(super) fn loader(database: &Database) -> Loader<CartOwner, Cart, Arc<StoreError>> {
    let database = database.clone();
    Loader::new(move |owners| {
        let database = database.clone();
        Box::pin(async move { Ok(find_all(&database, &owners).await?) })
    })
}

async fn find_all(
    database: &Database,
    owners: &[CartOwner],
) -> Result<BTreeMap<CartOwner, Cart>, StoreError> {
    let keys = keys(owners);
    let (guests, customers): (Vec<_>, Vec<_>) = owners.iter().partition(|owner| owner.is_guest());
    let connection = database.connection().await?;
    let of_customers = async {
        let sql = "SELECT owner, product_id, quantity, amount, currency FROM cart_line
             WHERE owner = ANY($1) ORDER BY position";
        read(&connection, sql, &customers).await
    };
    let of_guests = async {
        // One that is known and empty is a row without a line.
        let sql = "SELECT owner, product_id, quantity, amount, currency
             FROM guest_cart LEFT JOIN cart_line USING (owner) WHERE owner = ANY($1) ORDER BY position";
        read(&connection, sql, &guests).await
    };
    let (of_customers, of_guests) = try_join!(of_customers, of_guests)?;
    let mut carts: BTreeMap<CartOwner, Cart> =
        customers.into_iter().map(|owner| (owner, Cart::default())).collect();
    for row in of_customers.iter().chain(&of_guests) {
        let cart = carts.entry(owner_of(row, &keys)?).or_default();
        if row.try_get::<_, Option<Uuid>>("product_id")?.is_some() {
            cart.lines.push(line(row)?);
        }
    }
    Ok(carts)
}

async fn read(connection: &Connection, sql: &str, owners: &[CartOwner]) -> Result<Vec<Row>, StoreError> {
    if owners.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Vec<u8>> = owners.iter().map(|owner| key(*owner)).collect();
    connection.query(sql, &[&keys]).await
}

/// Whose each key is.
fn keys(owners: &[CartOwner]) -> HashMap<Vec<u8>, CartOwner> {
    owners.iter().map(|owner| (key(*owner), *owner)).collect()
}

/// Whose `row` is, of those who were asked for.
fn owner_of(row: &Row, keys: &HashMap<Vec<u8>, CartOwner>) -> Result<CartOwner, StoreError> {
    let owner = keys.get(row.try_get::<_, &[u8]>("owner")?).copied();
    owner.ok_or_else(|| StoreError::corrupt("a cart is somebody's who was not asked for"))
}

fn line(row: &Row) -> Result<CartLine, StoreError> {
    let product_id = ProductId(row.try_get("product_id")?);
    Ok(CartLine { product_id, quantity: count(row, "quantity")?, price: money(row)? })
}

/// Waits until nobody else changes what is these owners', and keeps others from it until the transaction ends. A customer's
/// wishlist, and whether they are still a customer, hang on it too.
pub(super) async fn lock(transaction: &Transaction<'_>, owners: &[CartOwner]) -> Result<(), StoreError> {
    transaction.lock(owners.iter().map(|owner| lock_key(*owner)).collect()).await
}

/// What stands for an owner where only a number can: the last 64 bits of either key are random.
pub(super) fn lock_key(owner: CartOwner) -> i64 {
    key(owner).last_chunk().map_or(0, |last| i64::from_be_bytes(*last))
}

/// As [`hold_all`], of one cart.
pub(super) async fn hold(
    transaction: &Transaction<'_>,
    owner: CartOwner,
) -> Result<Option<Cart>, StoreError> {
    Ok(hold_all(transaction, &[owner]).await?.remove(&owner))
}

/// Locks carts and reads them, in one trip. A guest's that is not known is left out; a customer always has one.
pub(super) async fn hold_all(
    transaction: &Transaction<'_>,
    owners: &[CartOwner],
) -> Result<HashMap<CartOwner, Cart>, StoreError> {
    let keys = keys(owners);
    let all: Vec<&[u8]> = keys.keys().map(Vec::as_slice).collect();
    let guests: Vec<&[u8]> = owners
        .iter()
        .filter_map(|owner| match owner {
            CartOwner::Guest(hash) => Some(&hash[..]),
            CartOwner::Customer(_) => None,
        })
        .collect();
    let known_guests = async {
        if guests.is_empty() {
            return Ok(Vec::new());
        }
        // Locked, so that they are not forgotten for their age meanwhile.
        let sql = "SELECT owner FROM guest_cart WHERE owner = ANY($1) ORDER BY owner FOR UPDATE";
        transaction.query(sql, &[&guests]).await
    };
    let lines = async {
        let sql = "SELECT owner, product_id, quantity, amount, currency FROM cart_line
             WHERE owner = ANY($1) ORDER BY position";
        transaction.query(sql, &[&all]).await
    };
    // In this order, so that nothing is read before the locks are held.
    let ((), known_guests, rows) = try_join!(lock(transaction, owners), known_guests, lines)?;
    let customers = owners.iter().copied().filter(|owner| !owner.is_guest());
    let mut carts: HashMap<CartOwner, Cart> = customers.map(|owner| (owner, Cart::default())).collect();
    for row in &known_guests {
        carts.insert(owner_of(row, &keys)?, Cart::default());
    }
    for row in &rows {
        if let Some(cart) = carts.get_mut(&owner_of(row, &keys)?) {
            cart.lines.push(line(row)?);
        }
    }
    Ok(carts)
}

/// A cart that is held, before a change and after it.
pub(super) struct Change {
    pub owner: CartOwner,
    pub before: Cart,
    pub after: Cart,
}

/// Writes what is different in carts after their changes.
pub(super) async fn save(transaction: &Transaction<'_>, changes: &[Change]) -> Result<(), StoreError> {
    let (mut put, mut taken) = (Vec::new(), Vec::new());
    for Change { owner, before, after } in changes {
        put.extend(after.lines.iter().filter(|line| !before.lines.contains(line)).map(|line| (*owner, line)));
        let kept = |line: &CartLine| after.lines.iter().any(|kept| kept.product_id == line.product_id);
        let gone = before.lines.iter().filter(|line| !kept(line));
        taken.extend(gone.map(|line| (key(*owner), line.product_id.0)));
    }
    try_join!(put_lines(transaction, &put), take_lines(transaction, &taken))?;
    Ok(())
}

/// Puts lines in, behind those that are there already, or in place of those of the same products. Of customers who have been
/// deleted meanwhile nothing is kept.
async fn put_lines(
    transaction: &Transaction<'_>,
    lines: &[(CartOwner, &CartLine)],
) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    let owners: Vec<Vec<u8>> = lines.iter().map(|(owner, _)| key(*owner)).collect();
    let customer = |owner: &CartOwner| match owner {
        CartOwner::Customer(customer) => Some(customer.0),
        CartOwner::Guest(_) => None,
    };
    let customers: Vec<Option<Uuid>> = lines.iter().map(|(owner, _)| customer(owner)).collect();
    let products: Vec<Uuid> = lines.iter().map(|(_, line)| line.product_id.0).collect();
    let quantities: Vec<i32> = lines.iter().map(|(_, line)| integer(line.quantity)).collect();
    let amounts: Vec<i64> = lines.iter().map(|(_, line)| line.price.amount).collect();
    let currencies: Vec<&str> = lines.iter().map(|(_, line)| line.price.currency.as_str()).collect();
    transaction
        .execute(
            "INSERT INTO cart_line (owner, product_id, quantity, amount, currency)
             SELECT owner, product_id, quantity, amount, currency
             FROM unnest($1::bytea[], $2::uuid[], $3::uuid[], $4::integer[], $5::bigint[], $6::text[])
                WITH ORDINALITY AS line (owner, customer_id, product_id, quantity, amount, currency, number)
             WHERE NOT EXISTS
                (SELECT 1 FROM revocation WHERE subject = line.customer_id AND kind = 'customer')
             ORDER BY number
             ON CONFLICT (owner, product_id) DO UPDATE SET
                quantity = excluded.quantity, amount = excluded.amount, currency = excluded.currency",
            &[&owners, &customers, &products, &quantities, &amounts, &currencies],
        )
        .await?;
    Ok(())
}

async fn take_lines(transaction: &Transaction<'_>, lines: &[(Vec<u8>, Uuid)]) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    let owners: Vec<&[u8]> = lines.iter().map(|(owner, _)| owner.as_slice()).collect();
    let products: Vec<Uuid> = lines.iter().map(|(_, product)| *product).collect();
    transaction
        .execute(
            "DELETE FROM cart_line USING unnest($1::bytea[], $2::uuid[]) AS gone (owner, product_id)
             WHERE cart_line.owner = gone.owner AND cart_line.product_id = gone.product_id",
            &[&owners, &products],
        )
        .await?;
    Ok(())
}

/// Takes everything out of carts that are held.
pub(super) async fn empty(transaction: &Transaction<'_>, owners: &[CartOwner]) -> Result<(), StoreError> {
    let owners: Vec<Vec<u8>> = owners.iter().map(|owner| key(*owner)).collect();
    transaction.execute("DELETE FROM cart_line WHERE owner = ANY($1)", &[&owners]).await?;
    Ok(())
}
