//! Opening accounts.

use contracts::CustomerId;
use futures::future::join_all;
use platform::idempotency::{Idempotency, Known};

use super::fixture::{Fixture, email, password, sign_up};
use crate::store::{SignUpOutcome, signup_scope};

fn key(address: &str, key: &str, what: &str) -> Idempotency {
    Idempotency::new(&signup_scope(&email(address)), key, "sign_up", &what)
}

pub async fn a_sign_up_opens_an_account_and_a_session(fixture: Fixture) {
    let (account, session) = sign_up("ada@example.com");
    let profile = account.profile.clone();
    fixture.store.sign_up(account, session, None).await.unwrap();
    let credentials = fixture.store.credentials(&profile.email).await.unwrap().unwrap();
    assert_eq!((credentials.id, credentials.password), (profile.id, password(1)));
    assert_eq!(fixture.store.profile(profile.id).await.unwrap(), Some(profile));
    assert_eq!(fixture.store.credentials(&email("eve@example.com")).await.unwrap(), None);
    assert!(fixture.outbox().await.is_empty());
}

pub async fn of_sign_ups_with_one_email_one_succeeds(fixture: Fixture) {
    let race = (0..16).map(|_| {
        let (account, session) = sign_up("ada@example.com");
        fixture.store.sign_up(account, session, None)
    });
    let outcomes: Vec<_> = join_all(race).await.into_iter().map(Result::unwrap).collect();
    let of = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    assert_eq!((of(SignUpOutcome::Opened), of(SignUpOutcome::EmailTaken)), (1, 15));
}

pub async fn a_key_opens_one_account_however_often_it_is_sent(fixture: Fixture) {
    let race = (0..8).map(|_| {
        let (account, session) = sign_up("ada@example.com");
        fixture.store.sign_up(account, session, Some(key("ada@example.com", "k", "Ada")))
    });
    let outcomes: Vec<_> = join_all(race).await.into_iter().map(Result::unwrap).collect();
    let of = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    assert_eq!((of(SignUpOutcome::Opened), of(SignUpOutcome::Replayed)), (1, 7));

    let id = fixture.store.credentials(&email("ada@example.com")).await.unwrap().unwrap().id;
    let known = fixture.store.signed_up(&key("ada@example.com", "k", "Ada")).await.unwrap();
    assert_eq!(known, Known::Answered(id));

    let (account, session) = sign_up("ada@example.com");
    let other = key("ada@example.com", "k", "Eve");
    assert_eq!(fixture.store.signed_up(&other).await.unwrap(), Known::Conflict);
    let outcome = fixture.store.sign_up(account, session, Some(other)).await.unwrap();
    assert_eq!(outcome, SignUpOutcome::KeyReused);
}

pub async fn a_refused_sign_up_leaves_no_key(fixture: Fixture) {
    fixture.known("ada@example.com").await;
    let (account, session) = sign_up("ada@example.com");
    let key = key("ada@example.com", "k", "Ada");
    let outcome = fixture.store.sign_up(account, session, Some(key.clone())).await.unwrap();
    assert_eq!(outcome, SignUpOutcome::EmailTaken);
    assert_eq!(fixture.store.signed_up(&key).await.unwrap(), Known::<CustomerId>::New);
}
