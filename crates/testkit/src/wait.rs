//! Waiting until something is so, and not for ever.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep};

/// How often it is looked whether it is so.
const POLL: Duration = Duration::from_millis(20);
/// How long [`eventually`] waits: far longer than anything takes on an idle machine, since tests run on busy ones.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks `look` every 20 ms until it finds something, and gives that.
///
/// # Panics
/// After 30 s; the message says `what` was waited for.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, look: impl FnMut() -> F) -> T {
    within(PATIENCE, what, look).await
}

/// As [`eventually`], with another limit.
///
/// # Panics
/// When `limit` has passed; the message says `what` was waited for.
pub async fn within<T, F: Future<Output = Option<T>>>(
    limit: Duration,
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let until = Instant::now() + limit;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < until, "waited {limit:?} in vain: {what}");
        sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_looks_again_until_it_finds() {
        let looks = Cell::new(0);
        let found = eventually("the third look", || async {
            looks.set(looks.get() + 1);
            (looks.get() == 3).then_some("found")
        });
        assert_eq!((found.await, looks.get()), ("found", 3));
    }

    #[tokio::test(start_paused = true)]
    #[should_panic(expected = "waited 1s in vain: a miracle")]
    async fn it_does_not_look_for_ever() {
        within(Duration::from_secs(1), "a miracle", || async { None::<()> }).await;
    }
}
