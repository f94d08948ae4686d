//! The ledger, as staff count it. What comes in with a new product is entered in `catalogue`.

use contracts::ProductId;
use futures::try_join;
use platform::{
    idempotency::Once,
    store::{
        StoreError,
        postgres::{Database, Transaction, moment},
    },
};

use super::{
    once::{answered, keep_answer},
    rows,
};
use crate::{
    domain::{Adjustment, AdjustmentRefused, Product, Stock},
    store::ByStaff,
};

pub(super) async fn adjust(
    database: &Database,
    id: ProductId,
    adjustment: &Adjustment,
    by: &ByStaff,
) -> Result<Result<Once<Product>, AdjustmentRefused>, StoreError> {
    let mut connection = database.connection().await?;
    let tx = connection.begin();
    if let Some(answer) = answered(&tx, by).await? {
        return Ok(Ok(answer));
    }
    let find = format!("SELECT {} FROM products WHERE id = $1 FOR NO KEY UPDATE", rows::COLUMNS);
    let Some(product) = tx.query_opt(&find, &[&id.0]).await?.as_ref().map(rows::read).transpose()? else {
        return Ok(Err(AdjustmentRefused::NoSuchProduct));
    };
    let received = match product.stock.adjusted(adjustment.adjust) {
        Ok(received) => received,
        Err(refused) => return Ok(Err(refused)),
    };
    let product = Product { stock: Stock { received, ..product.stock }, updated_at: by.at, ..product };
    try_join!(set_received(&tx, &product), record(&tx, id, adjustment, by), keep_answer(&tx, by, &product))?;
    tx.commit().await?;
    Ok(Ok(Once::Done(product)))
}

async fn set_received(tx: &Transaction<'_>, product: &Product) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE products SET received = $2, updated_at = $3, version = version + 1 WHERE id = $1",
        &[&product.id.0, &product.stock.received, &moment(product.updated_at)],
    )
    .await?;
    Ok(())
}

/// Enters an adjustment into the ledger, unless it changes nothing.
async fn record(
    tx: &Transaction<'_>,
    id: ProductId,
    adjustment: &Adjustment,
    by: &ByStaff,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO stock_movements (product_id, kind, quantity, reason, at, actor)
         SELECT $1, 'adjusted', $2, $3, $4, $5 WHERE $2 <> 0::bigint",
        &[&id.0, &i64::from(adjustment.adjust), &adjustment.reason, &moment(by.at), &by.actor.0],
    )
    .await?;
    Ok(())
}
