//! What staff do to the catalogue.

use contracts::{CustomerId, ProductId, Timestamp};
use platform::{
    idempotency::{Once, sqlite::once},
    store::{StoreError, sqlite::Transaction},
};
use rusqlite::params;

use super::{
    rows,
    stock::{self, Movement},
};
use crate::{
    domain::{NewProduct, Product, ProductPatch, sort_name},
    store::ByStaff,
};

pub(super) fn add(
    tx: &Transaction<'_>,
    id: ProductId,
    product: &NewProduct,
    by: &ByStaff,
) -> Result<Once<Product>, StoreError> {
    once(tx, by.idempotency.as_ref(), by.at, || {
        insert(tx, id, product, Some(by.actor), by.at)?;
        rows::product(tx, id)?.ok_or_else(|| StoreError::corrupt("a product is not where it was put"))
    })
}

pub(super) fn import(
    tx: &Transaction<'_>,
    products: &[(ProductId, NewProduct)],
    by: &ByStaff,
) -> Result<Once<u32>, StoreError> {
    once(tx, by.idempotency.as_ref(), by.at, || insert_all(tx, products, Some(by.actor), by.at))
}

pub(super) fn seed(
    tx: &Transaction<'_>,
    products: &[(ProductId, NewProduct)],
    now: Timestamp,
) -> Result<u32, StoreError> {
    let any = tx.prepare_cached("SELECT 1 FROM products LIMIT 1")?.exists([])?;
    if any { Ok(0) } else { insert_all(tx, products, None, now) }
}

pub(super) fn revise(
    tx: &Transaction<'_>,
    id: ProductId,
    patch: ProductPatch,
    now: Timestamp,
) -> Result<Option<Product>, StoreError> {
    let Some(product) = rows::product(tx, id)?.filter(|product| product.archived_at.is_none()) else {
        return Ok(None);
    };
    let revised = patch.applied_to(&product);
    tx.prepare_cached(
        "UPDATE products SET name = ?2, sort_name = ?3, description = ?4, category = ?5, amount = ?6, currency = ?7,
            image_url = ?8, updated_at = ?9, version = version + 1 WHERE id = ?1",
    )?
    .execute(params![
        id.0,
        revised.name,
        sort_name(&revised.name),
        revised.description,
        revised.category,
        revised.price.amount,
        revised.price.currency.as_str(),
        revised.image_url,
        now.as_micros(),
    ])?;
    rows::product(tx, id)
}

pub(super) fn archive(tx: &Transaction<'_>, id: ProductId, now: Timestamp) -> Result<bool, StoreError> {
    let archived = tx
        .prepare_cached(
            "UPDATE products SET archived_at = ?2, updated_at = ?2, version = version + 1
             WHERE id = ?1 AND archived_at IS NULL",
        )?
        .execute(params![id.0, now.as_micros()])?;
    Ok(archived == 1 || tx.prepare_cached("SELECT 1 FROM products WHERE id = ?1")?.exists([id.0])?)
}

pub(super) fn restore(
    tx: &Transaction<'_>,
    id: ProductId,
    now: Timestamp,
) -> Result<Option<Product>, StoreError> {
    tx.prepare_cached(
        "UPDATE products SET archived_at = NULL, updated_at = ?2, version = version + 1
         WHERE id = ?1 AND archived_at IS NOT NULL",
    )?
    .execute(params![id.0, now.as_micros()])?;
    rows::product(tx, id)
}

fn insert_all(
    tx: &Transaction<'_>,
    products: &[(ProductId, NewProduct)],
    actor: Option<CustomerId>,
    now: Timestamp,
) -> Result<u32, StoreError> {
    for (id, product) in products {
        insert(tx, *id, product, actor, now)?;
    }
    Ok(u32::try_from(products.len()).unwrap_or(u32::MAX))
}

fn insert(
    tx: &Transaction<'_>,
    id: ProductId,
    product: &NewProduct,
    actor: Option<CustomerId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO products (id, name, sort_name, description, category, amount, currency, image_url, received,
            created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
    )?
    .execute(params![
        id.0,
        product.name,
        sort_name(&product.name),
        product.description,
        product.category,
        product.price.amount,
        product.price.currency.as_str(),
        product.image_url,
        product.stock,
        now.as_micros(),
    ])?;
    let received =
        Movement { kind: "received", quantity: i64::from(product.stock), reason: None, actor, at: now };
    stock::record(tx, id, &received)
}
