//! Revocations, recorded by several transactions at a time.

use std::time::Duration;

use contracts::{SessionId, Timestamp};
use platform::auth::{Revocation, Revoked, postgres::record};
use testkit::conformance::messaging_store::MessagingStoreHarness as _;

use super::Postgres;

const NOON: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn revocation(session: SessionId, at: Timestamp) -> Revocation {
    Revocation { revoked: Revoked::Session(session), at, until: at + Duration::from_secs(900) }
}

/// Each of two transactions has renewed a revocation, and the other finds it expired as it was before. If they waited to
/// forget it, they would wait for each other.
#[tokio::test]
async fn transactions_that_forget_the_same_revocations_do_not_wait_for_each_other() {
    let (first, second) = {
        let first = Postgres::fresh().await;
        let second = first.another_process().await.unwrap();
        (first, second)
    };
    let (mut one, mut other) =
        (first.database.connection().await.unwrap(), second.database.connection().await.unwrap());
    let (mine, theirs) = (SessionId::new(), SessionId::new());
    let before = one.begin();
    for session in [mine, theirs] {
        record(&before, revocation(session, NOON)).await.unwrap();
    }
    before.commit().await.unwrap();

    let (one, other) = (one.begin(), other.begin());
    let soon = NOON + Duration::from_secs(1);
    record(&one, revocation(mine, soon)).await.unwrap();
    record(&other, revocation(theirs, soon)).await.unwrap();
    let expired = NOON + Duration::from_secs(900) + Duration::from_millis(1);
    let (by_one, by_other) = tokio::join!(
        record(&one, revocation(SessionId::new(), expired)),
        record(&other, revocation(SessionId::new(), expired)),
    );
    by_one.unwrap();
    by_other.unwrap();
    one.commit().await.unwrap();
    other.commit().await.unwrap();
}
