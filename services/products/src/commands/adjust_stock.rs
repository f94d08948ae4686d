//! Staff change how much there is of a product: after a delivery, a count, or a breakage.

use contracts::{CustomerId, ProductId};
use platform::store::StoreError;
use thiserror::Error;

use super::{KeyReused, answer};
use crate::{
    Products,
    domain::{Adjustment, AdjustmentRefused, Product},
};

/// Why the stock was not changed.
#[derive(Debug, Error)]
pub enum AdjustStockError {
    /// The stock does not allow it.
    #[error(transparent)]
    Refused(#[from] AdjustmentRefused),
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeyReused> for AdjustStockError {
    fn from(_: KeyReused) -> Self {
        Self::KeyReused
    }
}

/// Makes `adjustment` to the stock of a product, for the member of staff `actor`.
///
/// # Errors
/// [`AdjustStockError`].
pub async fn adjust_stock(
    products: &Products,
    id: ProductId,
    adjustment: Adjustment,
    actor: CustomerId,
    key: Option<&str>,
) -> Result<Product, AdjustStockError> {
    let by = products.by_staff(actor, key, "adjust_stock", &(id, &adjustment));
    let adjusted = products.store.adjust_stock(id, adjustment, by).await??;
    Ok(answer(adjusted)?)
}
