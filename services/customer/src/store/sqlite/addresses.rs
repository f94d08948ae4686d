//! Addresses.

use contracts::{AddressId, CustomerId, Timestamp};
use platform::{
    idempotency::{
        Idempotency, Known, Once,
        sqlite::{keep, known},
    },
    store::{StoreError, sqlite::Transaction},
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use crate::{
    domain::{Address, AddressDetails, MOST_ADDRESSES},
    store::AddAddressOutcome,
};

const COLUMNS: &str = "id, name, street, postal_code, city, country";

pub fn add(
    tx: &Transaction<'_>,
    customer: CustomerId,
    address: &Address,
    idempotency: Option<&Idempotency>,
    now: Timestamp,
) -> Result<AddAddressOutcome, StoreError> {
    if let Some(idempotency) = idempotency {
        match known(tx, idempotency)? {
            Known::Answered(id) => return Ok(AddAddressOutcome::Added(Once::Replayed(id))),
            Known::Conflict => return Ok(AddAddressOutcome::Added(Once::Conflict)),
            Known::New => {}
        }
    }
    if !tx.prepare_cached("SELECT 1 FROM customer WHERE id = ?1")?.exists([customer.0])? {
        return Ok(AddAddressOutcome::Gone);
    }
    let there: u32 = tx
        .prepare_cached("SELECT count(*) FROM address WHERE customer_id = ?1")?
        .query_row([customer.0], |row| row.get(0))?;
    if there >= MOST_ADDRESSES {
        return Ok(AddAddressOutcome::TooMany);
    }
    insert(tx, customer, address)?;
    if let Some(idempotency) = idempotency {
        keep(tx, idempotency, &address.id, now)?;
    }
    Ok(AddAddressOutcome::Added(Once::Done(address.id)))
}

fn insert(tx: &Transaction<'_>, customer: CustomerId, address: &Address) -> Result<(), StoreError> {
    let details = &address.details;
    tx.prepare_cached(
        "INSERT INTO address (customer_id, id, name, street, postal_code, city, country)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        customer.0,
        address.id.0,
        details.name,
        details.street,
        details.postal_code,
        details.city,
        details.country
    ])?;
    Ok(())
}

pub fn replace(tx: &Transaction<'_>, customer: CustomerId, address: &Address) -> Result<bool, StoreError> {
    let details = &address.details;
    let replaced = tx
        .prepare_cached(
            "UPDATE address SET name = ?3, street = ?4, postal_code = ?5, city = ?6, country = ?7
             WHERE customer_id = ?1 AND id = ?2",
        )?
        .execute(params![
            customer.0,
            address.id.0,
            details.name,
            details.street,
            details.postal_code,
            details.city,
            details.country
        ])?;
    Ok(replaced == 1)
}

pub fn remove(tx: &Transaction<'_>, customer: CustomerId, address: AddressId) -> Result<bool, StoreError> {
    let removed = tx
        .prepare_cached("DELETE FROM address WHERE customer_id = ?1 AND id = ?2")?
        .execute([customer.0, address.0])?;
    Ok(removed == 1)
}

pub fn find(
    connection: &Connection,
    customer: CustomerId,
    address: AddressId,
) -> Result<Option<AddressDetails>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM address WHERE customer_id = ?1 AND id = ?2");
    let found = connection.prepare_cached(&sql)?.query_row([customer.0, address.0], read).optional()?;
    Ok(found.map(|address| address.details))
}

pub fn list(
    connection: &Connection,
    customer: CustomerId,
    after: Option<AddressId>,
    limit: u32,
) -> Result<Vec<Address>, StoreError> {
    // Ids are UUIDv7, so their order is that of creation, and no id comes before nil.
    let after = after.map_or(Uuid::nil(), |after| after.0);
    let sql =
        format!("SELECT {COLUMNS} FROM address WHERE customer_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3");
    let mut rows = connection.prepare_cached(&sql)?;
    let addresses = rows.query_map(params![customer.0, after, limit], read)?;
    Ok(addresses.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Address> {
    let details = AddressDetails {
        name: row.get(1)?,
        street: row.get(2)?,
        postal_code: row.get(3)?,
        city: row.get(4)?,
        country: row.get(5)?,
    };
    Ok(Address { id: AddressId(row.get(0)?), details })
}
