//! Revocations: recorded once, found by their age.

use contracts::{CustomerId, SessionId, Timestamp};
use platform::auth::{Revocation, Revoked};

use super::{Action, MessagingStoreHarness, NOON, SECOND, commit_one, message, messaging};

fn of(revoked: Revoked, at: Timestamp) -> Revocation {
    Revocation { revoked, at, until: at + SECOND * 900 }
}

async fn since(harness: &impl MessagingStoreHarness, after: Timestamp) -> Vec<Revocation> {
    let mut found = messaging(harness).revoked_since(after).await.expect("revocations");
    found.sort_by_key(|revocation| revocation.at);
    found
}

/// Those recorded after a moment are found, customers and sessions alike, with all that was recorded.
pub async fn a_revocation_is_found_by_its_age<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let session = of(Revoked::Session(SessionId::new()), NOON);
    let customer = of(Revoked::Customer(CustomerId::new()), NOON + SECOND);
    for revocation in [session, customer] {
        commit_one(&harness, Action::Revoke(revocation)).await;
    }
    assert_eq!(since(&harness, Timestamp::from_micros(0)).await, [session, customer]);
    assert_eq!(since(&harness, NOON).await, [customer]);
    assert_eq!(since(&harness, NOON + SECOND).await, []);
}

/// A shorter revocation of the same subject does not end a longer one, and is found by those who saw the first.
pub async fn a_longer_revocation_stays<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let revoked = Revoked::Session(SessionId::new());
    let long = of(revoked, NOON);
    commit_one(&harness, Action::Revoke(long)).await;
    let short = Revocation { revoked, at: NOON + SECOND, until: NOON + SECOND * 2 };
    commit_one(&harness, Action::Revoke(short)).await;
    assert_eq!(since(&harness, NOON).await, [Revocation { until: long.until, ..short }]);
}

/// A message that is delivered again does not make its revocation younger.
pub async fn a_revocation_by_message_counts_once<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let (received, revoked) = (message(), Revoked::Customer(CustomerId::new()));
    store.record_revocation(received, of(revoked, NOON)).await.expect("a revocation");
    store.record_revocation(received, of(revoked, NOON + SECOND)).await.expect("a repetition");
    assert_eq!(since(&harness, Timestamp::from_micros(0)).await, [of(revoked, NOON)]);
}
