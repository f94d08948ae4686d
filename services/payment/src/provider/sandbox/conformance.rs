//! What the sandbox promises, over every ledger.

use std::{sync::Arc, time::Duration};

use contracts::{Money, OrderId, Timestamp};
use platform::Clock;

use super::{Refusal, Request, Sandbox};
use crate::{
    domain::Operation,
    fixture::{Fixture, TOTAL},
    provider::{Authorisation, Bounded, Key, Provider, ProviderError, Voiding},
};

over_each_store!(
    each_token_does_what_it_says,
    an_error_once_moves_nothing_and_the_next_try_holds,
    a_lost_answer_is_found_again_under_its_key,
    the_same_key_twice_moves_money_once,
    a_key_is_for_one_question,
    an_order_is_held_for_once_under_any_key,
    a_void_before_the_hold_forbids_it,
    a_voided_hold_is_not_captured,
    a_captured_hold_is_not_voided,
    no_more_goes_back_than_was_captured,
    many_at_once_hold_once,
    accounts_are_listed_in_chunks,
    a_key_that_comes_for_two_orders_at_once_is_for_one,
    what_comes_at_once_is_entered_each_for_its_order,
);

fn sandbox(fixture: &Fixture) -> Sandbox {
    let (ledger, clock) = (Arc::clone(&fixture.ledger), Clock::system());
    Sandbox::new(ledger, clock, Duration::from_millis(5))
}

fn key(order: OrderId, operation: Operation) -> Key {
    Key::of(order, operation)
}

async fn authorise(
    provider: &impl Provider,
    order: OrderId,
    token: &str,
) -> Result<Authorisation, ProviderError> {
    provider.authorise(&key(order, Operation::Authorise), order, TOTAL, token).await
}

async fn capture(provider: &impl Provider, order: OrderId) -> Result<(), ProviderError> {
    provider.capture(&key(order, Operation::Capture), order, TOTAL).await
}

async fn void(provider: &impl Provider, order: OrderId) -> Result<Voiding, ProviderError> {
    provider.void(&key(order, Operation::Void), order).await
}

async fn refund(provider: &impl Provider, order: OrderId) -> Result<(), ProviderError> {
    provider.refund(&key(order, Operation::Refund), order, TOTAL).await
}

fn declined(reason: &str) -> Result<Authorisation, ProviderError> {
    Ok(Authorisation::Declined { reason: reason.to_owned() })
}

async fn each_token_does_what_it_says(fixture: Fixture) {
    let provider = sandbox(&fixture);
    for (token, expected) in [
        ("tok_ok", Ok(Authorisation::Held)),
        ("tok_slow", Ok(Authorisation::Held)),
        ("tok_declined", declined("card declined")),
        ("tok_gold", declined("unknown token")),
        ("", declined("unknown token")),
    ] {
        let order = OrderId::new();
        // The second time under the same key is like the first.
        assert_eq!(authorise(&provider, order, token).await, expected, "{token}");
        assert_eq!(authorise(&provider, order, token).await, expected, "{token}");
        let held = fixture.account(order).await.still_held();
        assert_eq!(held, expected.ok().filter(|a| *a == Authorisation::Held).map(|_| TOTAL), "{token}");
    }
}

async fn an_error_once_moves_nothing_and_the_next_try_holds(fixture: Fixture) {
    let (provider, order) = (sandbox(&fixture), OrderId::new());
    let first = authorise(&provider, order, "tok_error_once").await;
    assert!(matches!(first, Err(ProviderError::Unavailable(_))));
    assert_eq!(fixture.account(order).await.holds, 0);
    for _ in 0..2 {
        assert_eq!(authorise(&provider, order, "tok_error_once").await, Ok(Authorisation::Held));
    }
    assert_eq!(fixture.account(order).await.holds, 1);
}

async fn a_lost_answer_is_found_again_under_its_key(fixture: Fixture) {
    let order = OrderId::new();
    let provider = Bounded::new(Arc::new(sandbox(&fixture)), Duration::from_millis(500));
    let first = authorise(&provider, order, "tok_timeout_after_charge").await;
    assert!(matches!(first, Err(ProviderError::Unknown(_))));
    assert_eq!(fixture.account(order).await.still_held(), Some(TOTAL));
    assert_eq!(authorise(&provider, order, "tok_timeout_after_charge").await, Ok(Authorisation::Held));
    assert_eq!(fixture.account(order).await.holds, 1);
}

async fn the_same_key_twice_moves_money_once(fixture: Fixture) {
    let (provider, order) = (sandbox(&fixture), OrderId::new());
    authorise(&provider, order, "tok_ok").await.unwrap();
    for _ in 0..2 {
        assert_eq!(capture(&provider, order).await, Ok(()));
    }
    for _ in 0..2 {
        assert_eq!(refund(&provider, order).await, Ok(()));
    }
    let account = fixture.account(order).await;
    let moved = (account.holds, account.captures, account.captured, account.refunded);
    assert_eq!(moved, (1, 1, TOTAL.amount, TOTAL.amount));
}

async fn a_key_is_for_one_question(fixture: Fixture) {
    let (order, other, now) = (OrderId::new(), OrderId::new(), Timestamp::now());
    let held = key(order, Operation::Authorise);
    let enter = |order, request| fixture.ledger.enter(&held, order, request, now);
    assert!(enter(order, Request::Hold(TOTAL)).await.unwrap().unwrap().new);
    assert!(!enter(order, Request::Hold(TOTAL)).await.unwrap().unwrap().new);
    let less = Money::new(1, TOTAL.currency);
    for (order, request) in
        [(order, Request::Capture(TOTAL)), (order, Request::Hold(less)), (other, Request::Hold(TOTAL))]
    {
        assert_eq!(enter(order, request).await.unwrap(), Err(Refusal::KeyReused));
    }
}

async fn an_order_is_held_for_once_under_any_key(fixture: Fixture) {
    let (provider, order) = (sandbox(&fixture), OrderId::new());
    authorise(&provider, order, "tok_ok").await.unwrap();
    let another = key(OrderId::new(), Operation::Authorise);
    let refused = provider.authorise(&another, order, TOTAL, "tok_ok").await;
    assert!(matches!(refused, Err(ProviderError::Refused(_))));
    assert_eq!(fixture.account(order).await.holds, 1);
}

async fn a_void_before_the_hold_forbids_it(fixture: Fixture) {
    let (provider, order) = (sandbox(&fixture), OrderId::new());
    for _ in 0..2 {
        assert_eq!(void(&provider, order).await, Ok(Voiding::Voided));
    }
    for token in ["tok_ok", "tok_ok"] {
        assert_eq!(authorise(&provider, order, token).await, declined("the order was cancelled"));
    }
    let account = fixture.account(order).await;
    assert_eq!((account.holds, account.voided), (0, true));
}

async fn a_voided_hold_is_not_captured(fixture: Fixture) {
    let (provider, order) = (sandbox(&fixture), OrderId::new());
    // What is refused does not use its key up.
    assert!(matches!(capture(&provider, order).await, Err(ProviderError::Refused(_))));
    authorise(&provider, order, "tok_ok").await.unwrap();
    assert_eq!(void(&provider, order).await, Ok(Voiding::Voided));
    assert!(matches!(capture(&provider, order).await, Err(ProviderError::Refused(_))));
    let account = fixture.account(order).await;
    assert_eq!((account.still_held(), account.captured), (None, 0));
}

async fn a_captured_hold_is_not_voided(fixture: Fixture) {
    let (provider, order) = (sandbox(&fixture), OrderId::new());
    authorise(&provider, order, "tok_ok").await.unwrap();
    capture(&provider, order).await.unwrap();
    assert_eq!(void(&provider, order).await, Ok(Voiding::Captured(TOTAL)));
    assert!(!fixture.account(order).await.voided);
}

async fn no_more_goes_back_than_was_captured(fixture: Fixture) {
    let (provider, order) = (sandbox(&fixture), OrderId::new());
    authorise(&provider, order, "tok_ok").await.unwrap();
    assert!(matches!(refund(&provider, order).await, Err(ProviderError::Refused(_))));
    capture(&provider, order).await.unwrap();
    refund(&provider, order).await.unwrap();
    let another = key(OrderId::new(), Operation::Refund);
    let more = provider.refund(&another, order, TOTAL).await;
    assert!(matches!(more, Err(ProviderError::Refused(_))));
    assert_eq!(fixture.account(order).await.refunded, TOTAL.amount);
}

async fn many_at_once_hold_once(fixture: Fixture) {
    let (provider, order) = (sandbox(&fixture), OrderId::new());
    let tries = (0..20).map(|_| authorise(&provider, order, "tok_ok"));
    let answers = futures::future::join_all(tries).await;
    assert!(answers.iter().all(|answer| *answer == Ok(Authorisation::Held)));
    assert_eq!(fixture.account(order).await.holds, 1);
}

async fn accounts_are_listed_in_chunks(fixture: Fixture) {
    let provider = sandbox(&fixture);
    let mut orders: Vec<OrderId> = (0..5).map(|_| OrderId::new()).collect();
    for order in &orders {
        authorise(&provider, *order, "tok_ok").await.unwrap();
    }
    orders.sort();
    let first = fixture.ledger.accounts(None, 3).await.unwrap();
    let rest = fixture.ledger.accounts(Some(first[2].order_id), 3).await.unwrap();
    let listed: Vec<_> = first.iter().chain(&rest).map(|account| account.order_id).collect();
    assert_eq!(listed, orders);
}

async fn a_key_that_comes_for_two_orders_at_once_is_for_one(fixture: Fixture) {
    let shared = key(OrderId::new(), Operation::Authorise);
    let orders: Vec<OrderId> = (0..10).map(|_| OrderId::new()).collect();
    let hold =
        |order: &OrderId| fixture.ledger.enter(&shared, *order, Request::Hold(TOTAL), Timestamp::now());
    let answers = futures::future::join_all(orders.iter().map(hold)).await;
    let mut held = 0;
    for (order, answer) in orders.iter().zip(answers) {
        let is_held = fixture.account(*order).await.still_held().is_some();
        match answer.unwrap() {
            Ok(recorded) => assert!(recorded.new && is_held),
            Err(refusal) => assert!(refusal == Refusal::KeyReused && !is_held),
        }
        held += u32::from(is_held);
    }
    assert_eq!(held, 1);
}

async fn what_comes_at_once_is_entered_each_for_its_order(fixture: Fixture) {
    let provider = sandbox(&fixture);
    let orders: Vec<OrderId> = (0..30).map(|_| OrderId::new()).collect();
    let tokens = ["tok_ok", "tok_declined"];
    let hold = |number: usize| authorise(&provider, orders[number], tokens[number % 2]);
    for round in 0..2 {
        let answers = futures::future::join_all((0..orders.len()).map(hold)).await;
        for (number, answer) in answers.into_iter().enumerate() {
            let expected = if number % 2 == 0 { Ok(Authorisation::Held) } else { declined("card declined") };
            assert_eq!(answer, expected, "{round}");
        }
    }
    let answers = futures::future::join_all(orders.iter().map(|order| capture(&provider, *order))).await;
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.is_ok(), number % 2 == 0);
        let account = fixture.account(orders[number]).await;
        assert_eq!(account.captured, if number % 2 == 0 { TOTAL.amount } else { 0 });
    }
}
