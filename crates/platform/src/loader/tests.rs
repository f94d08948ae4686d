use std::iter::zip;

use futures::future::join_all;
use tokio::{sync::mpsc, task::JoinHandle};

use super::*;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Failure {
    GivenUp,
    Refused,
}

impl From<GivenUp> for Failure {
    fn from(_: GivenUp) -> Self {
        Self::GivenUp
    }
}

type Found = Result<BTreeMap<u8, u32>, Failure>;

/// A question that is under way.
struct Asked {
    keys: Vec<u8>,
    reply: oneshot::Sender<Found>,
}

impl Asked {
    /// Answers with ten times each key, but for those above 100, which there are not.
    fn answer(self) {
        let known = self.keys.iter().filter(|key| **key <= 100);
        let found = known.map(|key| (*key, u32::from(*key) * 10)).collect();
        self.reply.send(Ok(found)).unwrap();
    }
}

/// A loader, and the questions that it asks. One that is dropped without an answer panics in the loader's hands.
fn asked() -> (Arc<Loader<u8, u32, Failure>>, mpsc::UnboundedReceiver<Asked>) {
    let (sender, questions) = mpsc::unbounded_channel();
    let loader = Loader::new(move |keys| {
        let (reply, answer) = oneshot::channel();
        sender.send(Asked { keys, reply }).unwrap();
        async move { answer.await.unwrap() }.boxed()
    });
    (Arc::new(loader), questions)
}

fn load(loader: &Arc<Loader<u8, u32, Failure>>, keys: &[u8]) -> JoinHandle<Result<Vec<u32>, Failure>> {
    let (loader, keys) = (Arc::clone(loader), keys.to_vec());
    tokio::spawn(async move { loader.load_many(&keys).await })
}

#[tokio::test(start_paused = true)]
async fn those_who_ask_meanwhile_share_a_question_and_get_what_they_asked_for() {
    let (loader, mut questions) = asked();
    let first = load(&loader, &[1]);
    let unanswered = questions.recv().await.unwrap();
    assert_eq!(unanswered.keys, [1]);

    let wanted: [&[u8]; 3] = [&[1], &[2], &[3, 1, 101]];
    let others: Vec<_> = wanted.iter().map(|keys| load(&loader, keys)).collect();
    // The first is not answered yet: nobody waits for it longer than a moment.
    let shared = questions.recv().await.unwrap();
    assert_eq!(shared.keys, [1, 2, 3, 101]);
    shared.answer();
    let expected: [&[u32]; 3] = [&[10], &[20], &[30, 10]];
    for (found, expected) in zip(join_all(others).await, expected) {
        assert_eq!(found.unwrap().unwrap(), expected);
    }
    unanswered.answer();
    assert_eq!(first.await.unwrap().unwrap(), [10]);
    assert!(questions.try_recv().is_err(), "there was a question too many");
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_before_answers_nobody_who_comes_later() {
    let (loader, mut questions) = asked();
    for _ in 0..2 {
        let asking = load(&loader, &[7]);
        questions.recv().await.unwrap().answer();
        assert_eq!(asking.await.unwrap().unwrap(), [70]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_there_is_not_is_nothing() {
    let (loader, mut questions) = asked();
    let (one, none) = (loader.load(5), loader.load(101));
    let answer = async { questions.recv().await.unwrap().answer() };
    assert_eq!(tokio::join!(one, none, answer), (Ok(Some(50)), Ok(None), ()));
    assert_eq!(loader.load_many(&[]).await, Ok(Vec::new()));
    assert!(questions.try_recv().is_err(), "nothing was asked for");
}

#[tokio::test(start_paused = true)]
async fn who_leaves_takes_nobodys_answer_along() {
    let (loader, mut questions) = asked();
    let (leaving, staying) = (load(&loader, &[1]), load(&loader, &[2]));
    yield_now().await;
    leaving.abort();
    questions.recv().await.unwrap().answer();
    assert_eq!(staying.await.unwrap().unwrap(), [20]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_to_all_who_asked_and_to_nobody_else() {
    let (loader, mut questions) = asked();
    let refuse = async { questions.recv().await.unwrap().reply.send(Err(Failure::Refused)).unwrap() };
    let (one, other, ()) = tokio::join!(loader.load(1), loader.load(2), refuse);
    assert_eq!((one, other), (Err(Failure::Refused), Err(Failure::Refused)));
    let lost = async { drop(questions.recv().await.unwrap()) };
    let (one, ()) = tokio::join!(loader.load(1), lost);
    assert_eq!(one, Err(Failure::GivenUp));
    let answer = async { questions.recv().await.unwrap().answer() };
    assert_eq!(tokio::join!(loader.load(1), answer), (Ok(Some(10)), ()));
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_about_enough_takes_no_more() {
    let (loader, mut questions) = asked();
    let first = load(&loader, &[0]);
    let unanswered = questions.recv().await.unwrap();
    let many: Vec<u8> = (0..=255).collect();
    let (large, small) = (load(&loader, &many), load(&loader, &[1]));
    let mut sizes = Vec::new();
    for _ in 0..2 {
        let question = questions.recv().await.unwrap();
        sizes.push(question.keys.len());
        question.answer();
    }
    assert_eq!(sizes, [256, 1]);
    assert_eq!((large.await.unwrap().unwrap().len(), small.await.unwrap().unwrap()), (101, vec![10]));
    unanswered.answer();
    first.await.unwrap().unwrap();
}
