//! The outbox: what is in it, in which order, and who may take it out.

use std::collections::HashSet;

use contracts::{
    OrderId, ProductId, Service,
    events::{Event as _, OrderLine, OrderPlaced},
};
use platform::{messaging::Envelope, outbox::OutboxRow};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Action, LIMIT, MessagingStoreHarness, NOON, SECOND, commit_one, messaging};

/// How long a process holds its rows without a sign of life.
const TTL: std::time::Duration = std::time::Duration::from_secs(6);

fn placed(order_id: OrderId, quantity: u32) -> OrderPlaced {
    OrderPlaced { order_id, lines: vec![OrderLine { product_id: ProductId::new(), quantity }] }
}

async fn enqueue(harness: &impl MessagingStoreHarness, events: impl IntoIterator<Item = OrderPlaced>) {
    let actions = events.into_iter().map(|event| Action::Enqueue(event, NOON)).collect();
    harness.commit(actions).await.expect("a commit");
}

fn quantities(rows: &[OutboxRow]) -> Vec<u32> {
    rows.iter().map(|row| envelope(row).open::<OrderPlaced>().expect("an event").lines[0].quantity).collect()
}

fn envelope(row: &OutboxRow) -> &Envelope {
    row.envelope.as_ref().expect("an envelope")
}

fn ids(rows: &[OutboxRow]) -> Vec<i64> {
    rows.iter().map(|row| row.id).collect()
}

/// The envelope has the event's type, source, aggregate and time, and an id of its own.
pub async fn an_event_is_in_the_outbox_as_it_was_sealed<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let outbox = messaging(&harness);
    outbox.hold(NOON, TTL).await.expect("a hold");
    let events = [placed(OrderId::new(), 1), placed(OrderId::new(), 2)];
    enqueue(&harness, events.clone()).await;
    assert_eq!(outbox.depth().await.expect("a depth"), 2);
    let rows = outbox.fetch(0, 10).await.expect("rows");
    for (row, event) in rows.iter().zip(&events) {
        let envelope = envelope(row);
        assert_eq!(row.aggregate, envelope.aggregate);
        assert_eq!(envelope.open::<OrderPlaced>().expect("an event"), *event);
        assert_eq!((envelope.event_type.as_str(), envelope.source), (OrderPlaced::TYPE, Service::Shopping));
        assert_eq!((envelope.aggregate, envelope.time), (event.order_id.0, NOON));
    }
    assert_eq!(rows.len(), 2);
    assert_ne!(envelope(&rows[0]).id, envelope(&rows[1]).id);
    assert_eq!(outbox.oldest().await.expect("a message"), Some(envelope(&rows[0]).id));
    outbox.delete(&ids(&rows)).await.expect("no rows");
    assert_eq!(outbox.oldest().await.expect("no message"), None);
}

/// An event of a command that fails is never published.
pub async fn nothing_of_a_failed_transaction_is_in_the_outbox<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let actions = vec![Action::Enqueue(placed(OrderId::new(), 1), NOON), Action::Fail];
    harness.commit(actions).await.expect_err("the transaction fails");
    assert_eq!(messaging(&harness).depth().await.expect("a depth"), 0);
}

/// Whoever waits for the outbox is woken by the commit.
pub async fn the_outbox_wakes_its_relay<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let signal = harness.store().outbox_signal();
    enqueue(&harness, [placed(OrderId::new(), 1)]).await;
    timeout(LIMIT, signal.notified()).await.expect("the relay is woken");
}

/// Up to so many rows, oldest first, behind the one that was last seen.
pub async fn rows_are_fetched_in_order_and_in_parts<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let outbox = messaging(&harness);
    outbox.hold(NOON, TTL).await.expect("a hold");
    for n in 0..3 {
        enqueue(&harness, (0..10).map(|m| placed(OrderId::new(), n * 10 + m))).await;
    }
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let rows = outbox.fetch(after, 7).await.expect("rows");
        assert!(rows.len() <= 7, "{} rows instead of 7", rows.len());
        let Some(last) = rows.last() else { break };
        after = last.id;
        seen.extend(quantities(&rows));
    }
    assert_eq!(seen, (0..30).collect::<Vec<_>>());
}

/// A row that cannot be read hides no other, and says whose it is: what comes after it must wait, all else goes on. It is
/// the same event once it is mended.
pub async fn an_unreadable_row_is_given_as_such_among_the_others<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let outbox = messaging(&harness);
    outbox.hold(NOON, TTL).await.expect("a hold");
    let orders = [OrderId::new(), OrderId::new()];
    enqueue(&harness, [placed(orders[0], 1), placed(orders[1], 2), placed(orders[0], 3)]).await;
    let sound = outbox.fetch(0, 10).await.expect("rows");
    commit_one(&harness, Action::SetSource(sound[1].id, "nobody")).await;

    let rows = outbox.fetch(0, 10).await.expect("rows");
    assert_eq!(ids(&rows), ids(&sound));
    assert_eq!((rows[1].aggregate, rows[1].envelope.is_err()), (orders[1].0, true));
    assert_eq!((envelope(&rows[0]), envelope(&rows[2])), (envelope(&sound[0]), envelope(&sound[2])));

    commit_one(&harness, Action::SetSource(sound[1].id, Service::Shopping.name())).await;
    assert_eq!(quantities(&outbox.fetch(0, 10).await.expect("rows")), [1, 2, 3]);
}

/// What is deleted is gone, and nothing else; deleting it again does nothing.
pub async fn rows_are_deleted_by_name<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let outbox = messaging(&harness);
    outbox.hold(NOON, TTL).await.expect("a hold");
    enqueue(&harness, (0..20).map(|n| placed(OrderId::new(), n))).await;
    let rows = outbox.fetch(0, 100).await.expect("rows");
    let (gone, kept): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.id % 3 == 0);
    for _ in 0..2 {
        outbox.delete(&ids(&gone)).await.expect("a deletion");
        assert_eq!(ids(&outbox.fetch(0, 100).await.expect("rows")), ids(&kept));
    }
    outbox.delete(&[]).await.expect("a deletion of nothing");
    assert_eq!(outbox.depth().await.expect("a depth"), kept.len() as u64);
}

/// What a living process wrote is its own. Once its time is over another takes over all of it, and what the first one then
/// deletes, not knowing, stays.
pub async fn rows_of_a_process_whose_time_is_over_are_taken_over<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let Some(other) = harness.another_process().await else { return };
    let (first, second) = (messaging(&harness), messaging(&other));
    first.hold(NOON, TTL).await.expect("a hold");
    second.hold(NOON, TTL).await.expect("a hold");
    enqueue(&harness, (0..20).map(|n| placed(OrderId::new(), n))).await;
    let written = first.fetch(0, 100).await.expect("rows");
    assert_eq!(written.len(), 20);
    second.hold(NOON + SECOND, TTL).await.expect("a hold");
    assert!(second.fetch(0, 100).await.expect("rows").is_empty());
    assert_eq!(second.depth().await.expect("a depth"), 20);

    second.hold(NOON + TTL + SECOND, TTL).await.expect("a hold");
    let taken = second.fetch(0, 100).await.expect("rows");
    let envelopes = |rows: &[OutboxRow]| rows.iter().map(|row| envelope(row).id).collect::<HashSet<Uuid>>();
    assert_eq!(envelopes(&taken), envelopes(&written));
    first.delete(&ids(&written)).await.expect("a deletion that does nothing");
    assert_eq!(first.depth().await.expect("a depth"), 20);
    assert!(first.fetch(0, 100).await.expect("rows").is_empty());
    second.delete(&ids(&taken)).await.expect("a deletion");
    assert_eq!(second.depth().await.expect("a depth"), 0);
}

/// What a process lets go of, the next sign of life of another takes over.
pub async fn rows_of_a_process_that_let_go_are_taken_over_at_once<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let Some(other) = harness.another_process().await else { return };
    let (first, second) = (messaging(&harness), messaging(&other));
    first.hold(NOON, TTL).await.expect("a hold");
    enqueue(&harness, [placed(OrderId::new(), 1)]).await;
    first.release().await.expect("a release");
    second.hold(NOON, TTL).await.expect("a hold");
    assert_eq!(quantities(&second.fetch(0, 10).await.expect("rows")), [1]);
    second.release().await.expect("a release");
    first.hold(NOON, TTL).await.expect("a hold");
    assert_eq!(quantities(&first.fetch(0, 10).await.expect("rows")), [1]);
}

/// A process does not get its own row of an aggregate while an earlier one is in other hands; other aggregates go on.
pub async fn an_aggregate_is_not_split_between_processes<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let Some(other) = harness.another_process().await else { return };
    let (first, second) = (messaging(&harness), messaging(&other));
    let order = OrderId::new();
    first.hold(NOON, TTL).await.expect("a hold");
    second.hold(NOON, TTL).await.expect("a hold");
    enqueue(&harness, [placed(order, 1)]).await;
    enqueue(&other, [placed(order, 2), placed(OrderId::new(), 3)]).await;
    assert_eq!(quantities(&second.fetch(0, 10).await.expect("rows")), [3]);
    let earlier = first.fetch(0, 10).await.expect("rows");
    assert_eq!(quantities(&earlier), [1]);
    first.delete(&ids(&earlier)).await.expect("a deletion");
    assert_eq!(quantities(&second.fetch(0, 10).await.expect("rows")), [2, 3]);
}
