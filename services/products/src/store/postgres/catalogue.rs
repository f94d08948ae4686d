//! What staff do to the catalogue.

use contracts::{CustomerId, ProductId, Timestamp};
use futures::try_join;
use platform::{
    idempotency::Once,
    store::{
        StoreError,
        postgres::{Database, Transaction, moment},
    },
};
use uuid::Uuid;

use super::{
    once::{answered, keep_answer},
    rows,
};
use crate::{
    domain::{NewProduct, Product, ProductPatch, Stock, sort_name},
    store::ByStaff,
};

pub(super) async fn add(
    database: &Database,
    id: ProductId,
    product: NewProduct,
    by: &ByStaff,
) -> Result<Once<Product>, StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    if let Some(answer) = answered(&tx, by).await? {
        return Ok(answer);
    }
    let new = [(id, product.clone())];
    let product = Product {
        id,
        name: product.name,
        description: product.description,
        category: product.category,
        price: product.price,
        stock: Stock { received: product.stock.into(), sold: 0, reserved: 0 },
        image_url: product.image_url,
        created_at: by.at,
        updated_at: by.at,
        archived_at: None,
    };
    try_join!(insert(&tx, &new, Some(by.actor), by.at), keep_answer(&tx, by, &product))?;
    tx.commit().await?;
    Ok(Once::Done(product))
}

pub(super) async fn import(
    database: &Database,
    products: &[(ProductId, NewProduct)],
    by: &ByStaff,
) -> Result<Once<u32>, StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    if let Some(answer) = answered(&tx, by).await? {
        return Ok(answer);
    }
    let count = count(products);
    try_join!(insert(&tx, products, Some(by.actor), by.at), keep_answer(&tx, by, &count))?;
    tx.commit().await?;
    Ok(Once::Done(count))
}

pub(super) async fn seed(
    database: &Database,
    products: &[(ProductId, NewProduct)],
    now: Timestamp,
) -> Result<u32, StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    // Two that seed at once would both find the shop empty.
    tx.query("SELECT pg_advisory_xact_lock(hashtext('products.seed'))", &[]).await?;
    if tx.query_opt("SELECT 1 FROM products LIMIT 1", &[]).await?.is_some() {
        return Ok(0);
    }
    insert(&tx, products, None, now).await?;
    tx.commit().await?;
    Ok(count(products))
}

pub(super) async fn revise(
    database: &Database,
    id: ProductId,
    patch: ProductPatch,
    now: Timestamp,
) -> Result<Option<Product>, StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    let find = format!(
        "SELECT {} FROM products WHERE id = $1 AND archived_at IS NULL FOR NO KEY UPDATE",
        rows::COLUMNS
    );
    let Some(row) = tx.query_opt(&find, &[&id.0]).await? else { return Ok(None) };
    let product = rows::read(&row)?;
    let revised = patch.applied_to(&product);
    tx.execute(
        "UPDATE products SET name = $2, sort_name = $3, description = $4, category = $5, amount = $6, currency = $7,
            image_url = $8, updated_at = $9, version = version + 1 WHERE id = $1",
        &[
            &id.0,
            &revised.name,
            &sort_name(&revised.name),
            &revised.description,
            &revised.category,
            &revised.price.amount,
            &revised.price.currency.as_str(),
            &revised.image_url,
            &moment(now),
        ],
    )
    .await?;
    tx.commit().await?;
    Ok(Some(Product {
        name: revised.name,
        description: revised.description,
        category: revised.category,
        price: revised.price,
        image_url: revised.image_url,
        updated_at: now,
        ..product
    }))
}

pub(super) async fn archive(database: &Database, id: ProductId, now: Timestamp) -> Result<bool, StoreError> {
    let found = database
        .query(
            "WITH archived AS (
                UPDATE products SET archived_at = $2, updated_at = $2, version = version + 1
                WHERE id = $1 AND archived_at IS NULL)
             SELECT 1 FROM products WHERE id = $1",
            &[&id.0, &moment(now)],
        )
        .await?;
    Ok(!found.is_empty())
}

/// Also a product that is not archived is written, unchanged. To look for it beside the `UPDATE` would miss one that
/// somebody else restores at the same moment, since a statement reads what was there when it began.
pub(super) async fn restore(
    database: &Database,
    id: ProductId,
    now: Timestamp,
) -> Result<Option<Product>, StoreError> {
    let restore = format!(
        "UPDATE products SET archived_at = NULL,
            updated_at = CASE WHEN archived_at IS NULL THEN updated_at ELSE $2 END,
            version = CASE WHEN archived_at IS NULL THEN version ELSE version + 1 END
         WHERE id = $1 RETURNING {}",
        rows::COLUMNS
    );
    let restored = database.query(&restore, &[&id.0, &moment(now)]).await?;
    restored.first().map(rows::read).transpose()
}

fn count(products: &[(ProductId, NewProduct)]) -> u32 {
    u32::try_from(products.len()).unwrap_or(u32::MAX)
}

/// Puts products into the catalogue and their stock into the ledger: one statement, however many they are.
async fn insert(
    tx: &Transaction<'_>,
    products: &[(ProductId, NewProduct)],
    actor: Option<CustomerId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = products.iter().map(|(id, _)| id.0).collect();
    let of =
        |text: fn(&NewProduct) -> &str| -> Vec<&str> { products.iter().map(|(_, new)| text(new)).collect() };
    let sort_names: Vec<String> = products.iter().map(|(_, new)| sort_name(&new.name)).collect();
    let amounts: Vec<i64> = products.iter().map(|(_, new)| new.price.amount).collect();
    let currencies: Vec<&str> = products.iter().map(|(_, new)| new.price.currency.as_str()).collect();
    let pictures: Vec<Option<&str>> = products.iter().map(|(_, new)| new.image_url.as_deref()).collect();
    let stocks: Vec<i64> = products.iter().map(|(_, new)| new.stock.into()).collect();
    tx.execute(
        "WITH entered AS (
            INSERT INTO products (id, name, sort_name, description, category, amount, currency, image_url, received,
                created_at, updated_at)
            SELECT *, $10::timestamptz, $10 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[],
                $6::bigint[], $7::text[], $8::text[], $9::bigint[])
            RETURNING id, received)
         INSERT INTO stock_movements (product_id, kind, quantity, at, actor)
         SELECT id, 'received', received, $10, $11 FROM entered WHERE received > 0",
        &[
            &ids,
            &of(|new| &new.name),
            &sort_names,
            &of(|new| &new.description),
            &of(|new| &new.category),
            &amounts,
            &currencies,
            &pictures,
            &stocks,
            &moment(now),
            &actor.map(|actor| actor.0),
        ],
    )
    .await?;
    Ok(())
}
