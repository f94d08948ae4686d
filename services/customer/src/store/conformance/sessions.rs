//! Sessions and their refresh tokens.

use std::time::Duration;

use platform::auth::{Revoked, Role};

use super::fixture::{ACCESS, ENDS, Fixture, NOW, REFRESH, ends, password, session, successor};
use crate::store::RefreshOutcome;

pub async fn a_refresh_token_is_good_once(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    let rotated = RefreshOutcome::Rotated { customer: ada.id, role: Role::Customer, session: ada.session };
    let (second, third) = (successor(NOW), successor(NOW));
    assert_eq!(fixture.store.refresh(ada.token, second, ENDS).await.unwrap(), rotated);
    assert_eq!(fixture.store.refresh(second.token, third, ENDS).await.unwrap(), rotated);
    assert!(fixture.outbox().await.is_empty());
    let reused = fixture.store.refresh(second.token, successor(NOW), ENDS).await.unwrap();
    assert_eq!(reused, RefreshOutcome::Reused(ada.session));
}

pub async fn a_reused_refresh_token_ends_its_session_and_no_other(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    let (_, other) = fixture.another_session(&ada).await;
    let second = successor(NOW);
    fixture.store.refresh(ada.token, second, ENDS).await.unwrap();
    let reused = fixture.store.refresh(ada.token, successor(NOW), ENDS).await.unwrap();
    assert_eq!(reused, RefreshOutcome::Reused(ada.session));

    for token in [ada.token, second.token] {
        let ended = fixture.store.refresh(token, successor(NOW), ENDS).await.unwrap();
        assert_eq!(ended, RefreshOutcome::Unknown);
    }
    let goes_on = fixture.store.refresh(other, successor(NOW), ENDS).await.unwrap();
    assert!(matches!(goes_on, RefreshOutcome::Rotated { .. }));
    assert_eq!(fixture.revoked_sessions().await, [ada.session]);
    assert_eq!(fixture.revocations().await, [(Revoked::Session(ada.session), NOW + ACCESS)]);
}

pub async fn of_two_refreshes_at_once_one_wins_and_the_session_ends(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    let (one, other) = (successor(NOW), successor(NOW));
    let (first, second) = tokio::join!(
        fixture.store.refresh(ada.token, one, ENDS),
        fixture.store.refresh(ada.token, other, ENDS)
    );
    let outcomes = [first.unwrap(), second.unwrap()];
    let won = outcomes.iter().filter(|outcome| matches!(outcome, RefreshOutcome::Rotated { .. })).count();
    assert_eq!(won, 1, "{outcomes:?}");
    assert!(outcomes.contains(&RefreshOutcome::Reused(ada.session)));

    for token in [one.token, other.token] {
        let ended = fixture.store.refresh(token, successor(NOW), ENDS).await.unwrap();
        assert_eq!(ended, RefreshOutcome::Unknown);
    }
    assert_eq!(fixture.revoked_sessions().await, [ada.session]);
}

pub async fn a_refresh_token_expires(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    let expired = ends(NOW + REFRESH);
    let outcome = fixture.store.refresh(ada.token, successor(expired.now), expired).await.unwrap();
    assert_eq!(outcome, RefreshOutcome::Unknown);
    let in_time = ends(NOW + REFRESH - Duration::from_micros(1));
    let outcome = fixture.store.refresh(ada.token, successor(in_time.now), in_time).await.unwrap();
    assert!(matches!(outcome, RefreshOutcome::Rotated { .. }));
}

pub async fn a_session_lives_on_while_it_is_used(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    let mut token = ada.token;
    // Each refresh removes what has expired, and the session it is for has been about for longer than one token lives.
    for day in 1..40 {
        let today = ends(NOW + Duration::from_hours(day * 23));
        let next = successor(today.now);
        let outcome = fixture.store.refresh(token, next, today).await.unwrap();
        assert!(matches!(outcome, RefreshOutcome::Rotated { .. }), "day {day}: {outcome:?}");
        token = next.token;
    }
}

pub async fn an_ended_session_is_told_of_once(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    for _ in 0..2 {
        fixture.store.end_session(ada.id, ada.session, ENDS).await.unwrap();
    }
    assert_eq!(fixture.revoked_sessions().await, [ada.session]);
    assert_eq!(fixture.revocations().await, [(Revoked::Session(ada.session), NOW + ACCESS)]);
    let outcome = fixture.store.refresh(ada.token, successor(NOW), ENDS).await.unwrap();
    assert_eq!(outcome, RefreshOutcome::Unknown);
}

pub async fn somebody_elses_session_cannot_be_ended(fixture: Fixture) {
    let (ada, eve) = (fixture.known("ada@example.com").await, fixture.known("eve@example.com").await);
    fixture.store.end_session(eve.id, ada.session, ENDS).await.unwrap();
    assert!(fixture.outbox().await.is_empty() && fixture.revocations().await.is_empty());
    let outcome = fixture.store.refresh(ada.token, successor(NOW), ENDS).await.unwrap();
    assert!(matches!(outcome, RefreshOutcome::Rotated { .. }));
}

pub async fn a_session_begins_only_with_the_password_that_was_proved(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    let (stale, begun) = (session(ada.id), session(ada.id));
    assert!(!fixture.store.start_session(stale, password(2), ada.origin.clone()).await.unwrap());
    assert!(fixture.store.start_session(begun, password(1), ada.origin.clone()).await.unwrap());
    let outcome = fixture.store.refresh(stale.token, successor(NOW), ENDS).await.unwrap();
    assert_eq!(outcome, RefreshOutcome::Unknown);

    fixture.store.delete_account(ada.id, ENDS).await.unwrap();
    assert!(!fixture.store.start_session(session(ada.id), password(1), ada.origin).await.unwrap());
}
