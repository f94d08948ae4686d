//! The ledger: what came in, and what staff counted.

use contracts::{CustomerId, ProductId, Timestamp};
use platform::{
    idempotency::{
        Known, Once,
        sqlite::{keep, known},
    },
    store::{StoreError, sqlite::Transaction},
};
use rusqlite::params;

use super::rows;
use crate::{
    domain::{Adjustment, AdjustmentRefused, Product},
    store::ByStaff,
};

/// An entry of the ledger.
pub(super) struct Movement<'a> {
    pub kind: &'static str,
    pub quantity: i64,
    pub reason: Option<&'a str>,
    pub actor: Option<CustomerId>,
    pub at: Timestamp,
}

/// Enters `movement` into the ledger, unless it moves nothing.
pub(super) fn record(tx: &Transaction<'_>, id: ProductId, movement: &Movement<'_>) -> Result<(), StoreError> {
    if movement.quantity == 0 {
        return Ok(());
    }
    tx.prepare_cached(
        "INSERT INTO stock_movements (product_id, kind, quantity, reason, at, actor) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        id.0,
        movement.kind,
        movement.quantity,
        movement.reason,
        movement.at.as_micros(),
        movement.actor.map(|actor| actor.0),
    ])?;
    Ok(())
}

pub(super) fn adjust(
    tx: &Transaction<'_>,
    id: ProductId,
    adjustment: &Adjustment,
    by: &ByStaff,
) -> Result<Result<Once<Product>, AdjustmentRefused>, StoreError> {
    if let Some(idempotency) = &by.idempotency {
        match known(tx, idempotency)? {
            Known::Answered(product) => return Ok(Ok(Once::Replayed(product))),
            Known::Conflict => return Ok(Ok(Once::Conflict)),
            Known::New => {}
        }
    }
    let Some(product) = rows::product(tx, id)? else {
        return Ok(Err(AdjustmentRefused::NoSuchProduct));
    };
    let received = match product.stock.adjusted(adjustment.adjust) {
        Ok(received) => received,
        Err(refused) => return Ok(Err(refused)),
    };
    tx.prepare_cached(
        "UPDATE products SET received = ?2, updated_at = ?3, version = version + 1 WHERE id = ?1",
    )?
    .execute(params![id.0, received, by.at.as_micros()])?;
    let movement = Movement {
        kind: "adjusted",
        quantity: i64::from(adjustment.adjust),
        reason: adjustment.reason.as_deref(),
        actor: Some(by.actor),
        at: by.at,
    };
    record(tx, id, &movement)?;
    let product =
        rows::product(tx, id)?.ok_or_else(|| StoreError::corrupt("a product went while it was counted"))?;
    if let Some(idempotency) = &by.idempotency {
        keep(tx, idempotency, &product, by.at)?;
    }
    Ok(Ok(Once::Done(product)))
}
