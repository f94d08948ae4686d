//! What every adapter of the port promises. Another adapter adds a function that opens it and one line with
//! `conformance!`.

mod account;
mod addresses;
pub(super) mod fixture;
mod login_failures;
mod sessions;
mod sign_up;

use fixture::Fixture;

macro_rules! conformance {
    ($open:path) => {
        conformance!($open, account: [
            a_profile_changes_in_what_is_mentioned,
            an_email_is_one_accounts_alone,
            an_email_that_was_given_up_takes_its_sign_up_key_along,
            a_changed_password_ends_every_other_session,
            a_password_that_changed_meanwhile_is_not_changed_again,
            a_deletion_removes_everything_and_tells_of_it_once,
            a_deleted_email_can_be_used_again,
            staff_are_added_once_and_are_found,
        ]);
        conformance!($open, sign_up: [
            a_sign_up_opens_an_account_and_a_session,
            of_sign_ups_with_one_email_one_succeeds,
            a_key_opens_one_account_however_often_it_is_sent,
            a_refused_sign_up_leaves_no_key,
        ]);
        conformance!($open, sessions: [
            a_refresh_token_is_good_once,
            a_reused_refresh_token_ends_its_session_and_no_other,
            of_two_refreshes_at_once_one_wins_and_the_session_ends,
            a_refresh_token_expires,
            a_session_lives_on_while_it_is_used,
            an_ended_session_is_told_of_once,
            somebody_elses_session_cannot_be_ended,
            a_session_begins_only_with_the_password_that_was_proved,
        ]);
        conformance!($open, login_failures: [
            the_fifth_failure_closes_an_account_to_its_origin,
            the_fiftieth_failure_closes_everything_to_its_network,
            a_failure_counts_within_its_window,
            a_success_forgets_the_failures_of_its_origin_alone,
        ]);
        conformance!($open, addresses: [
            an_address_is_found_changed_and_removed_by_its_owner_alone,
            addresses_are_listed_in_the_order_of_their_making,
            a_key_adds_one_address,
            the_fifty_first_address_is_refused,
            an_address_needs_an_account,
        ]);
    };
    ($open:path, $group:ident: [$($test:ident,)+]) => {
        mod $group {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::super::$group::$test($open().await).await;
                }
            )+
        }
    };
}

/// The embedded store.
mod sqlite {
    conformance!(super::super::Fixture::sqlite);
}

/// A database on a server.
#[cfg(feature = "real-servers")]
mod postgres {
    conformance!(crate::store::postgres::tests::fixture);
}
