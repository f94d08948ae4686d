//! The payment of one order.

use contracts::OrderId;
use platform::store::StoreError;

use crate::{Payments, store::Statement};

/// The payment of an order with all that happened to it, if there is one.
///
/// # Errors
/// [`StoreError`].
pub async fn get_payment(payments: &Payments, order_id: OrderId) -> Result<Option<Statement>, StoreError> {
    payments.store.statement(order_id).await
}
