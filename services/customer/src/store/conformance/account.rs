//! Changing and closing accounts.

use contracts::{AddressId, CustomerId};
use platform::{
    auth::{Revoked, Role},
    idempotency::{Idempotency, Known},
};

use super::fixture::{
    ACCESS, ENDS, Fixture, NOW, account, address, email, origin, password, profile, session, sign_up,
    successor,
};
use crate::{
    domain::{Failures, MOST_BY_ORIGIN, ProfileChanges, WINDOW},
    store::{NewAccount, PasswordChange, RefreshOutcome, SignUpOutcome, UpdateOutcome, signup_scope},
};

pub async fn a_profile_changes_in_what_is_mentioned(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    let before = fixture.store.profile(ada.id).await.unwrap().unwrap();
    let changes = ProfileChanges { name: Some(None), phone: Some(Some("123".to_owned())), email: None };
    let after = changes.clone().apply(before);
    let outcome = fixture.store.update_profile(ada.id, changes.clone()).await.unwrap();
    assert_eq!(outcome, UpdateOutcome::Updated(after.clone()));
    assert_eq!(fixture.store.profile(ada.id).await.unwrap(), Some(after));
    let nobody = fixture.store.update_profile(CustomerId::new(), changes).await.unwrap();
    assert_eq!(nobody, UpdateOutcome::Gone);
}

pub async fn an_email_is_one_accounts_alone(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    fixture.known("eve@example.com").await;
    let to = |text| ProfileChanges { email: Some(email(text)), ..ProfileChanges::default() };
    let taken = fixture.store.update_profile(ada.id, to("eve@example.com")).await.unwrap();
    assert_eq!(taken, UpdateOutcome::EmailTaken);
    let same = fixture.store.update_profile(ada.id, to("ada@example.com")).await.unwrap();
    assert!(matches!(same, UpdateOutcome::Updated(_)));
    fixture.store.update_profile(ada.id, to("lovelace@example.com")).await.unwrap();
    assert_eq!(fixture.store.credentials(&email("ada@example.com")).await.unwrap(), None);
    let id = fixture.store.credentials(&email("lovelace@example.com")).await.unwrap().unwrap().id;
    assert_eq!(id, ada.id);
}

pub async fn an_email_that_was_given_up_takes_its_sign_up_key_along(fixture: Fixture) {
    let key = Idempotency::new(&signup_scope(&email("ada@example.com")), "k", "sign_up", &());
    let (ada, session) = sign_up("ada@example.com");
    let id = ada.profile.id;
    fixture.store.sign_up(ada, session, Some(key.clone())).await.unwrap();
    let changes = ProfileChanges { email: Some(email("ada@example.org")), ..ProfileChanges::default() };
    fixture.store.update_profile(id, changes).await.unwrap();
    let (other, session) = sign_up("ada@example.com");
    let outcome = fixture.store.sign_up(other, session, Some(key)).await.unwrap();
    assert_eq!(outcome, SignUpOutcome::Opened);
}

pub async fn a_changed_password_ends_every_other_session(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    let eve = fixture.known("eve@example.com").await;
    let (second, third) = (fixture.another_session(&ada).await, fixture.another_session(&ada).await);
    fixture.store.record_login_failure(ada.origin.clone(), NOW, NOW - WINDOW).await.unwrap();
    let change = PasswordChange {
        origin: ada.origin,
        customer: ada.id,
        proved: password(1),
        chosen: password(2),
        keep: second.0,
    };
    let mut ended = fixture.store.change_password(change, ENDS).await.unwrap().unwrap();
    let mut expected = vec![ada.session, third.0];
    ended.sort();
    expected.sort();
    assert_eq!(ended, expected);
    let mut told = fixture.revoked_sessions().await;
    told.sort();
    assert_eq!(told, expected);
    assert_eq!(fixture.revocations().await.len(), 2);
    for (token, goes_on) in [(ada.token, false), (second.1, true), (third.1, false), (eve.token, true)] {
        let outcome = fixture.store.refresh(token, successor(NOW), ENDS).await.unwrap();
        assert_eq!(matches!(outcome, RefreshOutcome::Rotated { .. }), goes_on);
    }
    let credentials = fixture.store.credentials(&email("ada@example.com")).await.unwrap().unwrap();
    assert_eq!(credentials.password, password(2));
}

pub async fn a_password_that_changed_meanwhile_is_not_changed_again(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    let change = |proved, chosen| PasswordChange {
        origin: ada.origin.clone(),
        customer: ada.id,
        proved: password(proved),
        chosen: password(chosen),
        keep: ada.session,
    };
    assert_eq!(fixture.store.change_password(change(1, 2), ENDS).await.unwrap(), Some(vec![]));
    assert_eq!(fixture.store.change_password(change(1, 3), ENDS).await.unwrap(), None);
    let credentials = fixture.store.credentials(&ada.origin.email).await.unwrap().unwrap();
    assert_eq!(credentials.password, password(2));
}

pub async fn a_deletion_removes_everything_and_tells_of_it_once(fixture: Fixture) {
    let (ada, first) = sign_up("ada@example.com");
    let (id, who) = (ada.profile.id, origin("ada@example.com", 1));
    let signed_up = Idempotency::new(&signup_scope(&who.email), "k", "sign_up", &());
    let added = Idempotency::new(&id.to_string(), "k", "add_address", &());
    fixture.store.sign_up(ada, first, Some(signed_up.clone())).await.unwrap();
    let second = session(id);
    fixture.store.start_session(second, password(1), who.clone()).await.unwrap();
    let home = address("12 Harbour Street");
    fixture.store.add_address(id, home.clone(), Some(added.clone()), NOW).await.unwrap();
    for _ in 0..MOST_BY_ORIGIN {
        fixture.store.record_login_failure(who.clone(), NOW, NOW - WINDOW).await.unwrap();
    }
    let eve = fixture.known("eve@example.com").await;

    for _ in 0..2 {
        fixture.store.delete_account(id, ENDS).await.unwrap();
    }

    assert_eq!(fixture.store.profile(id).await.unwrap(), None);
    assert_eq!(fixture.store.credentials(&who.email).await.unwrap(), None);
    assert_eq!(fixture.store.address(id, home.id).await.unwrap(), None);
    for token in [first.token, second.token] {
        let outcome = fixture.store.refresh(token, successor(NOW), ENDS).await.unwrap();
        assert_eq!(outcome, RefreshOutcome::Unknown);
    }
    assert_eq!(fixture.store.login_failures(&who, NOW - WINDOW).await.unwrap(), Failures::default());
    assert_eq!(fixture.store.signed_up(&signed_up).await.unwrap(), Known::<CustomerId>::New);
    let key = fixture.platform.messaging().known_answer(&added).await.unwrap();
    assert_eq!(key, Known::New);
    assert!(fixture.store.profile(eve.id).await.unwrap().is_some());

    assert_eq!(fixture.outbox().await.len(), 1);
    let told = fixture.deletions().await;
    assert_eq!((told[0].customer_id, told[0].deleted_at), (id, NOW));
    assert_eq!(told[0].tokens_expire_at, NOW + ACCESS);
    assert_eq!(fixture.revocations().await, [(Revoked::Customer(id), NOW + ACCESS)]);
}

pub async fn a_deleted_email_can_be_used_again(fixture: Fixture) {
    let ada = fixture.known("ada@example.com").await;
    fixture.store.delete_account(ada.id, ENDS).await.unwrap();
    let again = fixture.known("ada@example.com").await;
    assert_ne!(again.id, ada.id);
    assert_eq!(fixture.store.address(again.id, AddressId::new()).await.unwrap(), None);
}

pub async fn staff_are_added_once_and_are_found(fixture: Fixture) {
    fixture.known("ada@example.com").await;
    assert!(!fixture.store.staff_exists().await.unwrap());
    assert!(!fixture.store.add_account(account("ada@example.com")).await.unwrap());
    let mut boss = profile("boss@example.com");
    boss.role = Role::Staff;
    let boss = NewAccount { profile: boss, password: password(1) };
    assert!(fixture.store.add_account(boss.clone()).await.unwrap());
    assert!(!fixture.store.add_account(boss).await.unwrap());
    assert!(fixture.store.staff_exists().await.unwrap());
    let credentials = fixture.store.credentials(&email("boss@example.com")).await.unwrap().unwrap();
    assert_eq!(credentials.role, Role::Staff);
}
