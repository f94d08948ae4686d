//! Has the provider do what it is still to do for a payment.
//!
//! That it is to be done has been written down before, with a timer. So whatever fails here, or if the process ends in
//! the middle of it, the timer asks again, with the same key, until the provider has said yes.

use platform::store::StoreError;
use thiserror::Error;

use crate::{
    Payments,
    domain::{Operation, Owed, Payment, Settlement},
    provider::{Key, Provider as _, ProviderError, Voiding},
};

/// Why something is still owed.
#[derive(Debug, Error)]
pub enum SettleError {
    /// The provider did not say yes.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// Its yes could not be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks the provider for all that it is still to do for `payment`, one thing after the other: a void that comes too late
/// makes a refund due.
///
/// # Errors
/// [`SettleError`]: the timer will ask again.
pub async fn settle(payments: &Payments, payment: Payment) -> Result<(), SettleError> {
    let mut payment = payment;
    while let Some(owed) = payment.owed() {
        let settlement = carry_out(payments, &payment, owed).await?;
        let written =
            payments.store.record_settlement(payment.order_id, settlement, payments.moment()).await?;
        let Some(next) = written else { break };
        payment = next;
    }
    Ok(())
}

/// As [`settle`], for those who leave what fails to the timer.
pub async fn settle_soon(payments: &Payments, payment: Option<Payment>) {
    let Some(payment) = payment else { return };
    let (order, status) = (payment.order_id, payment.status);
    if let Err(error) = settle(payments, payment).await {
        tracing::warn!(%order, %status, %error, "the provider will be asked again");
    }
}

async fn carry_out(payments: &Payments, payment: &Payment, owed: Owed) -> Result<Settlement, ProviderError> {
    let (provider, order_id) = (&payments.provider, payment.order_id);
    match owed {
        Owed::Capture(amount) => {
            provider.capture(&Key::of(order_id, Operation::Capture), order_id, amount).await?;
            Ok(Settlement::Captured(amount))
        }
        Owed::Void => match provider.void(&Key::of(order_id, Operation::Void), order_id).await? {
            Voiding::Voided => Ok(Settlement::Voided),
            Voiding::Captured(amount) => Ok(Settlement::Captured(amount)),
        },
        Owed::Refund(amount) => {
            provider.refund(&Key::of(order_id, Operation::Refund), order_id, amount).await?;
            Ok(Settlement::Refunded(amount))
        }
    }
}
