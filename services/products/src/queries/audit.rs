//! Whether the books are right, for `mercato audit`.

use platform::store::StoreError;

use crate::store::{self, LiveReservation, StockAudit};

/// What an audit of the products service finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The numbers of each product, recomputed.
    pub stock: StockAudit,
    /// The reservations that tie up stock. Whether each has an order that is alive, shopping knows.
    pub live_reservations: Vec<LiveReservation>,
}

/// Audits the products service's `store`, live or stopped.
///
/// # Errors
/// [`StoreError`].
pub async fn audit(store: &platform::store::Store) -> Result<Audit, StoreError> {
    let store = store::open(store);
    Ok(Audit { stock: store.audit_stock().await?, live_reservations: store.live_reservations().await? })
}
