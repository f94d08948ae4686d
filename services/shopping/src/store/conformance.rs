//! What every adapter of the port promises. Another adapter adds a function that opens it and one line with
//! `conformance!`.

#[cfg(feature = "real-servers")]
mod access;
mod advancing;
mod carts;
mod crowds;
mod fixture;
mod forgetting;
mod listing;
mod placing;
mod wishlists;

use fixture::Fixture;

macro_rules! conformance {
    ($open:path) => {
        conformance!($open, carts: [
            a_customer_always_has_a_cart_and_a_guest_only_after_the_first_addition,
            the_same_product_twice_is_one_line_in_its_place,
            an_addition_with_a_key_counts_once,
            a_refused_addition_changes_nothing_and_leaves_no_key,
            a_quantity_is_set_only_for_what_is_in_the_cart,
            a_quantity_in_another_currency_is_refused,
            a_cleared_cart_is_empty_and_still_there,
            a_merge_moves_what_the_guest_had_and_spends_the_token,
            a_merge_that_does_not_fit_leaves_both_carts,
            prices_are_renewed_for_what_is_in_the_cart,
            a_guests_cart_is_forgotten_when_nobody_has_touched_it_for_long,
            additions_at_once_all_count,
        ]);
        conformance!($open, crowds: [
            each_cart_gets_what_was_put_into_it,
            an_old_cart_that_is_added_to_is_not_forgotten,
            each_order_is_that_of_its_cart,
            each_order_takes_its_own_step,
        ]);
        conformance!($open, wishlists: [
            a_wishlist_has_each_product_once_and_the_newest_first,
            a_full_wishlist_takes_no_more,
            what_is_removed_is_gone_from_one_list,
        ]);
        conformance!($open, placing: [
            an_order_is_kept_as_it_was_placed,
            placing_leaves_one_event_one_timer_and_an_empty_cart,
            the_same_key_places_one_order,
            the_same_key_for_something_else_is_a_conflict,
            a_cart_that_has_changed_places_nothing,
            a_customer_who_is_gone_places_nothing,
            a_refused_order_leaves_no_trace,
            of_many_at_once_one_is_placed,
        ]);
        conformance!($open, advancing: [
            a_checkout_goes_through_step_by_step,
            a_message_counts_once,
            a_message_about_an_unknown_order_fails_and_is_not_used_up,
            a_timer_counts_while_it_stands,
            the_last_timeout_cancels_and_clears_the_timer,
            a_customer_reaches_their_own_orders_only,
            staff_call_off_what_is_not_paid,
            a_refund_may_be_given_up_and_asked_for_again,
            what_an_order_cannot_do_is_refused_and_changes_nothing,
            a_declined_order_says_why,
            a_timeline_is_numbered_without_gaps,
            an_order_advances_once_whoever_races,
        ]);
        conformance!($open, forgetting: [
            a_forgotten_customer_leaves_no_cart_no_wishlist_and_no_name,
            orders_that_are_being_checked_out_are_cancelled,
            an_address_is_kept_until_the_parcel_has_arrived,
            forgetting_twice_is_forgetting_once,
            others_are_not_forgotten,
        ]);
        conformance!($open, listing: [
            pages_visit_each_order_once_newest_first,
            orders_are_filtered_by_customer_and_status,
            a_page_holds_what_comes_before_though_more_is_placed,
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

/// A server, which `cargo xtask test rabbitmq` starts.
#[cfg(feature = "real-servers")]
mod postgres {
    conformance!(super::super::Fixture::postgres);
}
