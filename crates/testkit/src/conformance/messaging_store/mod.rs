//! The promises of [`MessagingStore`] and of the functions that an adapter gives to transactions.

mod dead_letters;
mod idempotency;
mod inbox;
mod outbox;
mod revocations;
mod timers;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::{Service, Timestamp, events::OrderPlaced};
use platform::{
    auth::Revocation,
    idempotency::{Idempotency, Once},
    inbox::Received,
    store::{MessagingStore, Store, StoreError},
    timers::Timer,
};
use uuid::Uuid;

pub use dead_letters::{
    a_dead_letter_is_kept_as_it_died, a_dead_letter_is_kept_whatever_it_says,
    a_letter_that_dies_again_takes_its_new_error_and_waits, a_removed_letter_is_gone_and_no_other,
    a_request_is_taken_once, letters_are_listed_oldest_first, letters_are_sent_again_when_asked_for,
};
pub use idempotency::{
    a_command_that_fails_leaves_no_key, a_key_for_something_else_is_a_conflict,
    a_repeated_key_replays_the_first_answer, a_request_without_a_key_is_always_carried_out,
    keys_of_two_callers_are_apart, of_many_at_once_one_is_carried_out, old_keys_are_forgotten,
};
pub use inbox::{
    a_message_is_new_once_for_each_consumer, a_message_whose_effect_fails_stays_new,
    failures_are_counted_for_each_message, of_many_deliveries_at_once_one_is_new, old_messages_are_forgotten,
};
pub use outbox::{
    an_aggregate_is_not_split_between_processes, an_event_is_in_the_outbox_as_it_was_sealed,
    an_unreadable_row_is_given_as_such_among_the_others, nothing_of_a_failed_transaction_is_in_the_outbox,
    rows_are_deleted_by_name, rows_are_fetched_in_order_and_in_parts,
    rows_of_a_process_that_let_go_are_taken_over_at_once,
    rows_of_a_process_whose_time_is_over_are_taken_over, the_outbox_wakes_its_relay,
};
pub use revocations::{
    a_longer_revocation_stays, a_revocation_by_message_counts_once, a_revocation_is_found_by_its_age,
};
pub use timers::{
    a_claimed_timer_is_kept_until_the_claim_ends, a_cleared_timer_neither_stands_nor_falls_due,
    a_timer_in_many_hands_is_handled_once, a_timer_of_a_failed_transaction_was_never_set,
    a_timer_that_is_set_again_replaces_the_first, setting_a_timer_wakes_the_runner,
    timers_fall_due_in_time_and_in_parts, two_claimers_never_get_the_same_timer,
};

/// One thing that a command does in its transaction.
#[derive(Clone, Debug)]
pub enum Action {
    /// Puts an event into the outbox, as of this moment.
    Enqueue(OrderPlaced, Timestamp),
    /// Enters a message into the inbox: [`Outcome::Is`] new or not.
    Enter(Received, Timestamp),
    /// Sets a timer.
    SetTimer(Timer),
    /// Clears the timer of a kind and a subject.
    ClearTimer(String, Uuid),
    /// Asks whether a timer stands: [`Outcome::Is`].
    Stands(Timer),
    /// Runs a command under a key that gives this number, or fails if there is none: [`Outcome::Once`].
    Once(Option<Idempotency>, Timestamp, Option<u32>),
    /// Records a revocation.
    Revoke(Revocation),
    /// Overwrites the source of a row of the outbox, as nothing of ours does: with what is no service it cannot be read.
    SetSource(i64, &'static str),
    /// Fails the transaction, with [`StoreError::corrupt`].
    Fail,
}

/// What came of an [`Action`].
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was asked.
    Is(bool),
    /// It was run under a key.
    Once(Once<u32>),
}

/// How the suite gets at an adapter.
#[async_trait]
pub trait MessagingStoreHarness: Send + Sync + Sized + 'static {
    /// A new database with the platform's schema and nothing in it.
    async fn fresh() -> Self;

    /// Another process over the same database, or `None` if only one at a time can have it.
    async fn another_process(&self) -> Option<Self>;

    /// The store, open.
    fn store(&self) -> &Store;

    /// Carries out `actions` in one transaction; it fails with the first that fails.
    async fn commit(&self, actions: Vec<Action>) -> Result<Vec<Outcome>, StoreError>;
}

/// The moment at which the tests begin. Nothing in a store looks at the machine's clock.
const NOON: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
/// A second.
const SECOND: Duration = Duration::from_secs(1);
/// How long something that has to happen may take, on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

fn messaging(harness: &impl MessagingStoreHarness) -> Arc<dyn MessagingStore> {
    harness.store().messaging()
}

/// The processes that race for something, in turn: two where a database can have two, otherwise the same again.
fn in_turn<'h, H: MessagingStoreHarness>(one: &'h H, other: Option<&'h H>) -> impl Iterator<Item = &'h H> {
    [one, other.unwrap_or(one)].into_iter().cycle()
}

/// Carries out one action.
async fn commit_one(harness: &impl MessagingStoreHarness, action: Action) -> Outcome {
    let outcomes = harness.commit(vec![action]).await.expect("a commit");
    outcomes.into_iter().next().expect("one outcome for one action")
}

/// A message for products.
fn message() -> Received {
    Received { consumer: Service::Products, message_id: Uuid::now_v7(), occurred_at: NOON }
}

/// Makes one test of each promise of a [`MessagingStore`], over the [`MessagingStoreHarness`] that is named.
#[macro_export]
macro_rules! messaging_store_conformance {
    ($harness:ty) => {
        $crate::messaging_store_conformance!($harness:
            a_claimed_timer_is_kept_until_the_claim_ends,
            a_cleared_timer_neither_stands_nor_falls_due,
            a_command_that_fails_leaves_no_key,
            a_dead_letter_is_kept_as_it_died,
            a_dead_letter_is_kept_whatever_it_says,
            a_key_for_something_else_is_a_conflict,
            a_letter_that_dies_again_takes_its_new_error_and_waits,
            a_longer_revocation_stays,
            a_message_is_new_once_for_each_consumer,
            a_message_whose_effect_fails_stays_new,
            a_removed_letter_is_gone_and_no_other,
            a_request_is_taken_once,
            a_repeated_key_replays_the_first_answer,
            a_request_without_a_key_is_always_carried_out,
            a_revocation_by_message_counts_once,
            a_revocation_is_found_by_its_age,
            a_timer_in_many_hands_is_handled_once,
            a_timer_of_a_failed_transaction_was_never_set,
            a_timer_that_is_set_again_replaces_the_first,
            an_aggregate_is_not_split_between_processes,
            an_event_is_in_the_outbox_as_it_was_sealed,
            an_unreadable_row_is_given_as_such_among_the_others,
            failures_are_counted_for_each_message,
            keys_of_two_callers_are_apart,
            letters_are_listed_oldest_first,
            letters_are_sent_again_when_asked_for,
            nothing_of_a_failed_transaction_is_in_the_outbox,
            of_many_at_once_one_is_carried_out,
            of_many_deliveries_at_once_one_is_new,
            old_keys_are_forgotten,
            old_messages_are_forgotten,
            rows_are_deleted_by_name,
            rows_are_fetched_in_order_and_in_parts,
            rows_of_a_process_that_let_go_are_taken_over_at_once,
            rows_of_a_process_whose_time_is_over_are_taken_over,
            setting_a_timer_wakes_the_runner,
            the_outbox_wakes_its_relay,
            timers_fall_due_in_time_and_in_parts,
            two_claimers_never_get_the_same_timer,
        );
    };
    ($harness:ty: $($promise:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                $crate::conformance::messaging_store::$promise::<$harness>().await;
            }
        )+
    };
}
