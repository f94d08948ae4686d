//! What staff do to the catalogue and its stock. Each is one transaction of the store.

pub mod add_product;
pub mod adjust_stock;
pub mod archive_product;
pub mod import_products;
pub mod restore_product;
pub mod revise_product;

use platform::idempotency::Once;

/// The idempotency key was used for something else.
pub(crate) struct KeyReused;

/// The answer of now or of then.
pub(crate) fn answer<T>(once: Once<T>) -> Result<T, KeyReused> {
    match once {
        Once::Done(answer) | Once::Replayed(answer) => Ok(answer),
        Once::Conflict => Err(KeyReused),
    }
}
