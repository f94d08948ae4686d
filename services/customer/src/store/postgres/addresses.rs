//! Addresses.

use contracts::{AddressId, CustomerId, Timestamp};
use platform::{
    idempotency::{
        Idempotency, Known, Once,
        postgres::{keep, known},
    },
    store::{
        StoreError,
        postgres::{Database, Transaction},
    },
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    domain::{Address, AddressDetails, MOST_ADDRESSES},
    store::AddAddressOutcome,
};

const COLUMNS: &str = "id, name, street, postal_code, city, country";

pub async fn add(
    database: &Database,
    customer: CustomerId,
    address: &Address,
    idempotency: Option<&Idempotency>,
    now: Timestamp,
) -> Result<AddAddressOutcome, StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    if let Some(idempotency) = idempotency {
        match known(&tx, idempotency).await? {
            Known::Answered(id) => return Ok(AddAddressOutcome::Added(Once::Replayed(id))),
            Known::Conflict => return Ok(AddAddressOutcome::Added(Once::Conflict)),
            Known::New => {}
        }
    }
    // Of those that would each be the fiftieth, one is: they come one by one.
    let owner =
        tx.query_opt("SELECT 1 FROM customer WHERE id = $1 FOR NO KEY UPDATE", &[&customer.0]).await?;
    if owner.is_none() {
        return Ok(AddAddressOutcome::Gone);
    }
    if !insert(&tx, customer, address).await? {
        return Ok(AddAddressOutcome::TooMany);
    }
    if let Some(idempotency) = idempotency {
        keep(&tx, idempotency, &address.id, now).await?;
    }
    tx.commit().await?;
    Ok(AddAddressOutcome::Added(Once::Done(address.id)))
}

/// Whether there was room for one more.
async fn insert(tx: &Transaction<'_>, customer: CustomerId, address: &Address) -> Result<bool, StoreError> {
    let details = &address.details;
    let inserted = tx
        .execute(
            "INSERT INTO address (customer_id, id, name, street, postal_code, city, country)
             SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT count(*) FROM address WHERE customer_id = $1) < $8",
            &[
                &customer.0,
                &address.id.0,
                &details.name,
                &details.street,
                &details.postal_code,
                &details.city,
                &details.country,
                &i64::from(MOST_ADDRESSES),
            ],
        )
        .await?;
    Ok(inserted == 1)
}

pub async fn replace(
    database: &Database,
    customer: CustomerId,
    address: &Address,
) -> Result<bool, StoreError> {
    let details = &address.details;
    let replaced = database
        .execute(
            "UPDATE address SET name = $3, street = $4, postal_code = $5, city = $6, country = $7
             WHERE customer_id = $1 AND id = $2",
            &[
                &customer.0,
                &address.id.0,
                &details.name,
                &details.street,
                &details.postal_code,
                &details.city,
                &details.country,
            ],
        )
        .await?;
    Ok(replaced == 1)
}

pub async fn remove(
    database: &Database,
    customer: CustomerId,
    address: AddressId,
) -> Result<bool, StoreError> {
    let removed = database
        .execute("DELETE FROM address WHERE customer_id = $1 AND id = $2", &[&customer.0, &address.0])
        .await?;
    Ok(removed == 1)
}

pub async fn find(
    database: &Database,
    customer: CustomerId,
    address: AddressId,
) -> Result<Option<AddressDetails>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM address WHERE customer_id = $1 AND id = $2");
    let rows = database.query(&sql, &[&customer.0, &address.0]).await?;
    Ok(rows.first().map(read).transpose()?.map(|address| address.details))
}

pub async fn list(
    database: &Database,
    customer: CustomerId,
    after: Option<AddressId>,
    limit: u32,
) -> Result<Vec<Address>, StoreError> {
    // Ids are UUIDv7, so their order is that of creation, and no id comes before nil.
    let after = after.map_or(Uuid::nil(), |after| after.0);
    database.query(&page(), &[&customer.0, &after, &i64::from(limit)]).await?.iter().map(read).collect()
}

pub fn page() -> String {
    format!("SELECT {COLUMNS} FROM address WHERE customer_id = $1 AND id > $2 ORDER BY id LIMIT $3")
}

fn read(row: &Row) -> Result<Address, StoreError> {
    let details = AddressDetails {
        name: row.try_get("name")?,
        street: row.try_get("street")?,
        postal_code: row.try_get("postal_code")?,
        city: row.try_get("city")?,
        country: row.try_get("country")?,
    };
    Ok(Address { id: AddressId(row.try_get("id")?), details })
}
