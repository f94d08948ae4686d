//! Messages repeated, reordered and handled at the same time by two instances: the money is right in the end.

use contracts::{OrderId, events::OrderCancelled};
use futures::future::join_all;
use platform::messaging::Envelope;
use proptest::{collection::vec, prelude::*, sample::select};

use super::conformance::{Instance, SHORT, confirmed, refund_requested, reserved, sandbox, sealed};
use crate::{domain::Status, fixture::Fixture};

/// How often a message is tried, as the consumer does before it buries it.
const TRIES: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Reserved,
    Confirmed,
    Cancelled,
    RefundRequested,
}

/// A message on its way: a new one, or the first of its kind once more.
#[derive(Clone, Copy, Debug)]
struct Sent {
    message: Message,
    again: bool,
    to_second: bool,
}

fn sent() -> impl Strategy<Value = Sent> {
    let message =
        select(vec![Message::Reserved, Message::Confirmed, Message::Cancelled, Message::RefundRequested]);
    (message, any::<bool>(), any::<bool>()).prop_map(|(message, again, to_second)| Sent {
        message,
        again,
        to_second,
    })
}

fn token() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        5 => Just("tok_ok"),
        1 => Just("tok_declined"),
        2 => Just("tok_slow"),
        2 => Just("tok_error_once"),
        1 => Just("tok_timeout_after_charge"),
    ]
}

fn envelope(message: Message, order_id: OrderId, token: &str) -> Envelope {
    match message {
        Message::Reserved => sealed(&reserved(order_id, token)),
        Message::Confirmed => sealed(&confirmed(order_id)),
        Message::Cancelled => sealed(&OrderCancelled { order_id }),
        Message::RefundRequested => sealed(&refund_requested(order_id)),
    }
}

async fn deliver(instance: &Instance, envelope: Envelope) {
    for _ in 0..TRIES {
        if instance.handle(&envelope).await.is_ok() {
            return;
        }
    }
}

/// Delivers each batch at once, and one batch after the other.
async fn play(batches: Vec<Vec<Sent>>, token: &str) {
    let (fixture, order) = (Fixture::sqlite().await, OrderId::new());
    let instances = [0, 1].map(|_| Instance::with_patience(&fixture, sandbox(&fixture), SHORT));
    let kinds = [Message::Reserved, Message::Confirmed, Message::Cancelled, Message::RefundRequested];
    let firsts = kinds.map(|message| (message, envelope(message, order, token)));
    for batch in &batches {
        let deliveries = batch.iter().map(|sent| {
            let first = firsts.iter().find(|(message, _)| *message == sent.message).filter(|_| sent.again);
            let envelope = first.map_or_else(|| envelope(sent.message, order, token), |(_, e)| e.clone());
            deliver(&instances[usize::from(sent.to_second)], envelope)
        });
        join_all(deliveries).await;
    }
    instances[0].fire_timers(&fixture).await;
    check(&fixture, order, &batches.concat()).await;
}

async fn check(fixture: &Fixture, order: OrderId, sent: &[Sent]) {
    assert!(fixture.timers().await.is_empty(), "all that was owed is settled");
    let account = fixture.account(order).await;
    assert!(account.holds <= 1 && account.captures <= 1);
    assert!(account.refunded <= account.captured);
    if sent.iter().any(|sent| sent.message == Message::Cancelled) {
        assert_eq!(account.still_held(), None, "money is held for a cancelled order");
        assert_eq!(account.captured, account.refunded, "money of a cancelled order was kept");
    }
    match fixture.store.payment(order).await.unwrap() {
        None => assert_eq!(account.holds, 0, "money is held that nobody knows of"),
        Some(payment) => {
            assert_eq!((payment.captured, payment.refunded), (account.captured, account.refunded));
            let holds = payment.status == Status::Authorised;
            assert_eq!(holds, account.still_held().is_some(), "the books differ about what is held");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_money_is_right_in_the_end(batches in vec(vec(sent(), 1..4), 1..7), token in token()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(batches, token));
    }
}
