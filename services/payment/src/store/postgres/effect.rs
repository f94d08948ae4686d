//! What a message or an answer of the provider does to a payment: to several at a time, by the same few statements.

use contracts::{Money, OrderId};
use futures::try_join;
use platform::{
    inbox::{Received, postgres::are_new},
    store::postgres::{Asked, Transaction},
};

use super::{
    change, existing,
    rows::{self, Entry},
};
use crate::{
    domain::{Change, Payment, Settlement},
    provider::Authorisation,
    store::{Moment, RequestError},
};

/// What is to take effect on a payment.
pub(super) struct Effect {
    pub(super) order_id: OrderId,
    /// The message that told of it, if one did.
    pub(super) received: Option<Received>,
    pub(super) heard: Heard,
    pub(super) moment: Moment,
}

/// What was heard of an order.
pub(super) enum Heard {
    /// What the provider makes of so much for it ([`Payment::authorised`]).
    Authorisation(Money, Authorisation),
    /// It was cancelled ([`Payment::cancelled`]).
    Cancellation,
    /// It stands, and is over so much ([`Payment::confirmed`]).
    Confirmation(Money),
    /// So much is to go back ([`Payment::refund_requested`]).
    RefundRequest(Money),
    /// What the provider has done ([`Payment::settled`]).
    Settlement(Settlement),
}

impl Effect {
    /// What it makes of the payment as it stands.
    fn change(&self, current: Option<Payment>) -> Result<Change, RequestError> {
        let order_id = self.order_id;
        Ok(match &self.heard {
            Heard::Authorisation(amount, authorisation) => {
                Payment::authorised(current, order_id, *amount, authorisation.clone())
            }
            Heard::Cancellation => Payment::cancelled(current, order_id),
            Heard::Confirmation(total) => Payment::confirmed(current, *total)?,
            Heard::RefundRequest(total) => Payment::refund_requested(current, *total)?,
            Heard::Settlement(settlement) => existing(current, order_id)?.settled(*settlement),
        })
    }
}

/// Has these effects take place, each on another payment, in two trips: locks and reads, all writes.
///
/// # Returns
/// Each payment as it stands then.
///
/// # Errors
/// [`RequestError`]. That one of them is refused is an error of all, which are then run alone: so the refused message's
/// inbox row is taken back with everything else, and a message that came too early can come again.
pub(super) async fn apply(
    transaction: &Transaction<'_>,
    effects: &[Asked<Effect>],
) -> Result<Vec<Option<Payment>>, RequestError> {
    let Some(first) = effects.first() else { return Ok(Vec::new()) };
    let orders: Vec<OrderId> = effects.iter().map(|effect| effect.order_id).collect();
    let received: Vec<Received> = effects.iter().filter_map(|effect| effect.received).collect();
    let (mut payments, new) =
        try_join!(rows::hold(transaction, &orders), are_new(transaction, &received, first.moment.now))?;
    let (mut stand, mut entries) = (Vec::with_capacity(effects.len()), Vec::new());
    for effect in effects {
        let (current, moment) = (payments.remove(&effect.order_id), effect.moment);
        let is_new = effect.received.is_none_or(|received| new.contains(&received.message_id));
        let change = if is_new { effect.change(current.clone())? } else { Change::default() };
        let Change { to, notes, answer } = change;
        if let Some(to) = &to {
            change::schedule(transaction, current.as_ref(), to, moment);
        }
        if let Some(answer) = answer {
            effect.sync_scope(|| change::announce(transaction, effect.order_id, answer, moment.now));
        }
        stand.push(to.clone().or(current));
        entries.extend(to.map(|payment| Entry { payment, notes, at: moment.now }));
    }
    transaction.end_with(rows::write(transaction, &entries)).await?;
    Ok(stand)
}
