//! What each safeguard is for.

use std::time::Duration;

use testkit::chaos::{Plan, Safeguard, Shape};

use crate::{plan, run};

/// Long enough for every kind of message to have come twice.
const LENGTH: Duration = Duration::from_secs(5);

/// Which promises are broken if the shop does without a safeguard.
async fn broken_without(shape: Shape, without: Option<Safeguard>) -> Vec<String> {
    let report = run(&Plan { without, ..plan(shape, LENGTH) }).await;
    assert_eq!(report.without.as_deref(), without.map(Safeguard::name));
    report.broken().into_iter().map(str::to_owned).collect()
}

macro_rules! safeguards {
    ($shape:ident, $($name:ident: $without:expr => $broken:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let none: [&str; 0] = [];
            let broken: &[&str] = &$broken;
            let found = broken_without(Shape::$shape, $without).await;
            assert_eq!(found, if broken.is_empty() { &none } else { broken });
        }
    )*};
}

mod embedded {
    use super::*;

    safeguards! {
        Embedded,
        with_all_of_them_no_promise_is_broken: None => [];
        without_the_inbox_messages_are_applied_again: Some(Safeguard::Inbox) => ["messages_applied_once"];
        without_the_keys_a_repetition_is_another_request: Some(Safeguard::Idempotency) => ["keys_answer_once"];
        without_the_condition_stock_is_sold_twice: Some(Safeguard::Stock) => ["stock_not_negative", "units_sold_once"];
    }
}

#[cfg(feature = "real-servers")]
mod rabbitmq {
    use super::*;

    safeguards! {
        Rabbitmq,
        with_all_of_them_no_promise_is_broken: None => [];
        without_the_inbox_messages_are_applied_again: Some(Safeguard::Inbox) => ["messages_applied_once"];
        without_the_fence_rows_are_relayed_by_strangers: Some(Safeguard::Fence) => ["rows_relayed_by_their_owner"];
        without_the_keys_a_repetition_is_another_request: Some(Safeguard::Idempotency) => ["keys_answer_once"];
        without_the_condition_stock_is_sold_twice: Some(Safeguard::Stock) => ["stock_not_negative", "units_sold_once"];
    }
}
