//! Staff put many products into the catalogue at once.

use contracts::{CustomerId, ProductId};
use platform::store::StoreError;
use thiserror::Error;

use super::{KeyReused, answer};
use crate::{
    Products,
    domain::{LineFault, parse_catalogue},
};

/// Why nothing was imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// Some lines are no products.
    #[error("{} lines or fields are not valid", .0.len())]
    Faulty(Vec<LineFault>),
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeyReused> for ImportError {
    fn from(_: KeyReused) -> Self {
        Self::KeyReused
    }
}

/// Imports the products in `text`, a line of NDJSON each, all of them or none, for the member of staff `actor`.
///
/// # Returns
/// How many they are.
///
/// # Errors
/// [`ImportError`].
pub async fn import_products(
    products: &Products,
    text: &str,
    actor: CustomerId,
    key: Option<&str>,
) -> Result<u32, ImportError> {
    let new = parse_catalogue(text).map_err(ImportError::Faulty)?;
    let by = products.by_staff(actor, key, "import_products", &new);
    let new = new.into_iter().map(|product| (ProductId::new(), product)).collect();
    let imported = products.store.import_products(new, by).await?;
    Ok(answer(imported)?)
}
