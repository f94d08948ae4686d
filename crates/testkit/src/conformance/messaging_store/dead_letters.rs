//! Dead letters: kept, looked at, sent again.

use contracts::{OrderId, Service, Timestamp, events::OrderPlaced};
use platform::{inbox::DeadLetter, messaging::Envelope};
use uuid::Uuid;

use super::{MessagingStoreHarness, NOON, SECOND, messaging};

fn letter(died_at: Timestamp) -> DeadLetter {
    DeadLetter {
        consumer: Service::Products,
        envelope: Envelope::seal(&OrderPlaced { order_id: OrderId::new(), lines: Vec::new() }, NOON),
        error: "no such “product”\n".to_owned(),
        attempts: 5,
        died_at,
        redrive_at: None,
    }
}

fn ids(letters: &[DeadLetter]) -> Vec<Uuid> {
    letters.iter().map(|letter| letter.envelope.id).collect()
}

/// All of it comes back: the message to the byte, the error, the count and the times.
pub async fn a_dead_letter_is_kept_as_it_died<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let mut dead = letter(NOON);
    // What could not be understood need not even be JSON.
    dead.envelope.payload = vec![0, 159, 146, 150].into();
    store.bury(dead.clone()).await.expect("a burial");
    assert_eq!(store.dead_letter(dead.envelope.id).await.expect("a look"), Some(dead.clone()));
    assert_eq!(store.dead_letters(10).await.expect("a list"), [dead]);
    assert_eq!(store.dead_letter(Uuid::now_v7()).await.expect("a look"), None);
}

/// What a broker delivers may say anything, and is buried once.
pub async fn a_dead_letter_is_kept_whatever_it_says<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let mut dead = letter(NOON);
    dead.envelope.event_type = "order\0placed".to_owned();
    dead.error = "a NUL: \0".to_owned();
    store.bury(dead.clone()).await.expect("a burial");
    let kept = store.dead_letter(dead.envelope.id).await.expect("a look").expect("a letter");
    assert_eq!((kept.envelope.payload, kept.attempts), (dead.envelope.payload, 5));
}

/// The list has the oldest first, and not more than was asked for.
pub async fn letters_are_listed_oldest_first<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let letters = [letter(NOON + SECOND * 3), letter(NOON + SECOND), letter(NOON + SECOND * 2)];
    for letter in &letters {
        store.bury(letter.clone()).await.expect("a burial");
    }
    let listed = store.dead_letters(2).await.expect("a list");
    assert_eq!(ids(&listed), [letters[1].envelope.id, letters[2].envelope.id]);
    assert_eq!(store.count_dead_letters().await.expect("a count"), 3);
}

/// Only what was asked for is sent again: one letter or all; asking for one that is not there asks for nothing.
pub async fn letters_are_sent_again_when_asked_for<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let letters = [letter(NOON), letter(NOON + SECOND), letter(NOON + SECOND * 2)];
    for letter in &letters {
        store.bury(letter.clone()).await.expect("a burial");
    }
    assert!(store.to_redrive(10).await.expect("a list").is_empty());
    let later = NOON + SECOND * 10;
    assert_eq!(store.request_redrive(Some(Uuid::now_v7()), later).await.expect("a request"), 0);
    assert_eq!(store.request_redrive(Some(letters[1].envelope.id), later).await.expect("a request"), 1);
    let asked = store.to_redrive(10).await.expect("a list");
    assert_eq!(ids(&asked), [letters[1].envelope.id]);
    assert_eq!(asked[0].redrive_at, Some(later));
    assert_eq!(store.request_redrive(None, later).await.expect("a request"), 3);
    assert_eq!(store.to_redrive(10).await.expect("a list").len(), 3);
    assert_eq!(store.to_redrive(2).await.expect("a list").len(), 2);
}

/// Of all who want to fulfil a request, one does; without a request, nobody, nor in the name of another consumer.
pub async fn a_request_is_taken_once<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let dead = letter(NOON);
    let (message, take) = (dead.envelope.id, |consumer| store.take_request(consumer, dead.envelope.id));
    store.bury(dead.clone()).await.expect("a burial");
    assert!(!take(Service::Products).await.expect("no request"));
    store.request_redrive(Some(message), NOON + SECOND).await.expect("a request");
    assert!(!take(Service::Payment).await.expect("a request of another"));
    assert!(take(Service::Products).await.expect("a request"));
    assert!(!take(Service::Products).await.expect("a request that was taken"));
    assert!(store.to_redrive(10).await.expect("a list").is_empty());
    assert_eq!(store.dead_letters(10).await.expect("a list"), [dead]);
}

/// A letter that failed again has its new error and count, and waits until it is asked for once more.
pub async fn a_letter_that_dies_again_takes_its_new_error_and_waits<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let dead = letter(NOON);
    store.bury(dead.clone()).await.expect("a burial");
    store.request_redrive(None, NOON + SECOND).await.expect("a request");
    let again = DeadLetter {
        error: "still none".to_owned(),
        attempts: 6,
        died_at: NOON + SECOND * 2,
        redrive_at: Some(NOON + SECOND),
        ..dead
    };
    store.bury(again.clone()).await.expect("a burial");
    assert!(store.to_redrive(10).await.expect("a list").is_empty());
    let kept = store.dead_letters(10).await.expect("a list");
    assert_eq!(kept, [DeadLetter { redrive_at: None, ..again }]);
}

/// Removing is by consumer and message, and once is enough.
pub async fn a_removed_letter_is_gone_and_no_other<H: MessagingStoreHarness>() {
    let harness = H::fresh().await;
    let store = messaging(&harness);
    let (one, other) = (letter(NOON), letter(NOON + SECOND));
    for letter in [&one, &other] {
        store.bury(letter.clone()).await.expect("a burial");
    }
    store.remove_dead_letter(Service::Payment, one.envelope.id).await.expect("nothing to remove");
    assert_eq!(store.dead_letters(10).await.expect("a list").len(), 2);
    for _ in 0..2 {
        store.remove_dead_letter(Service::Products, one.envelope.id).await.expect("a removal");
    }
    assert_eq!(ids(&store.dead_letters(10).await.expect("a list")), [other.envelope.id]);
}
