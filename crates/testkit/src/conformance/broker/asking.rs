//! Questions and their answers.

use std::collections::BTreeSet;

use contracts::Service;
use futures::future::join_all;
use platform::messaging::{RpcError, RpcRequest};
use tokio::{sync::mpsc, time::timeout};

use super::{BrokerHarness, LIMIT, PATIENCE, done, samples};

/// The next question.
pub(super) async fn next_question(questions: &mut mpsc::Receiver<RpcRequest>) -> RpcRequest {
    let request = timeout(LIMIT, questions.recv()).await.expect("a question should have come");
    request.expect("the stream ended, and a question should have come")
}

/// A question arrives with all it was asked with, and its answer goes to the asker.
pub async fn a_question_is_answered<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (asker, server) = (harness.connect().await, harness.connect().await);
    let mut questions = server.serve(Service::Products, 8).await.expect("a place to serve");
    let asked = samples::question("how much is the cup?", PATIENCE);
    let asking = tokio::spawn({
        let asked = asked.clone();
        async move { asker.call(asked).await }
    });
    let RpcRequest { call, reply } = next_question(&mut questions).await;
    assert_eq!(
        (call.service, &call.method, &call.payload, call.deadline, call.trace.trace_id()),
        (asked.service, &asked.method, &asked.payload, asked.deadline, asked.trace.trace_id()),
    );
    reply.send(Ok(samples::json("5 €"))).expect("somebody to answer");
    assert_eq!(done("the answer comes", asking).await, Ok(samples::json("5 €")));
}

/// Each kind of refusal arrives as itself, with its words.
pub async fn a_refusal_arrives_as_it_was_given<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (asker, server) = (harness.connect().await, harness.connect().await);
    let mut questions = server.serve(Service::Products, 8).await.expect("a place to serve");
    let words = "“the store” is \"out\"".to_owned();
    for refusal in [
        RpcError::Unavailable(words.clone()),
        RpcError::TimedOut(words.clone()),
        RpcError::Busy(words.clone()),
        RpcError::Invalid(words.clone()),
        RpcError::Failed(words),
    ] {
        let asker = asker.clone();
        let asking = tokio::spawn(async move { asker.call(samples::question("?", PATIENCE)).await });
        let request = next_question(&mut questions).await;
        request.reply.send(Err(refusal.clone())).expect("somebody to answer");
        assert_eq!(done("the refusal comes", asking).await, Err(refusal));
    }
}

/// A server that drops a question, as one that panics does, is not waited for.
pub async fn a_server_that_drops_a_question_has_failed_before_the_deadline<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (asker, server) = (harness.connect().await, harness.connect().await);
    let mut questions = server.serve(Service::Products, 8).await.expect("a place to serve");
    let asking = tokio::spawn(async move { asker.call(samples::question("?", PATIENCE * 100)).await });
    drop(next_question(&mut questions).await);
    let outcome = done("the asker is told", asking).await;
    assert!(matches!(outcome, Err(RpcError::Failed(_) | RpcError::Unavailable(_))), "{outcome:?}");
}

/// Answers that come in any order go to whoever asked.
pub async fn concurrent_questions_are_not_mixed_up<H: BrokerHarness>() {
    const ASKED: usize = 400;
    let harness = H::fresh().await;
    let (one, other, server) = (harness.connect().await, harness.connect().await, harness.connect().await);
    let mut questions = server.serve(Service::Products, ASKED).await.expect("a place to serve");
    let answering = tokio::spawn(async move {
        // All are there before the first is answered, and the last is answered first.
        let mut requests = Vec::new();
        while requests.len() < ASKED {
            requests.push(next_question(&mut questions).await);
        }
        for RpcRequest { call, reply } in requests.into_iter().rev() {
            reply.send(Ok(call.payload)).expect("somebody to answer");
        }
        questions
    });
    let asking = (0..ASKED).map(|n| {
        let asker = if n % 2 == 0 { one.clone() } else { other.clone() };
        async move {
            let text = format!("question {n}");
            let answer = asker.call(samples::question(&text, PATIENCE)).await;
            assert_eq!(answer, Ok(samples::json(&text)));
            n
        }
    });
    let answered: BTreeSet<usize> =
        timeout(LIMIT, join_all(asking)).await.expect("all are answered").into_iter().collect();
    assert_eq!(answered.len(), ASKED);
    done("the server answered all", answering).await;
}

/// A quarter of a mebibyte: more than the 500 products that one question may ask for.
pub async fn a_large_answer_arrives_whole<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (asker, server) = (harness.connect().await, harness.connect().await);
    let mut questions = server.serve(Service::Products, 8).await.expect("a place to serve");
    let large = "0123456789abcdef".repeat(16 * 1_024);
    let asking = tokio::spawn({
        let large = large.clone();
        async move { asker.call(samples::question(&large, PATIENCE)).await }
    });
    let RpcRequest { call, reply } = next_question(&mut questions).await;
    assert_eq!(call.payload, samples::json(&large));
    reply.send(Ok(call.payload)).expect("somebody to answer");
    assert_eq!(done("the answer comes", asking).await, Ok(samples::json(&large)));
}
