//! Windows and deadlines.

use std::time::Duration;

use contracts::{OrderId, Service};
use futures::future::join_all;
use platform::messaging::{RpcError, RpcRequest};
use tokio::time::{Instant, timeout};

use super::{
    BrokerHarness, LIMIT, PATIENCE, QUIET, asking::next_question, done, next, publishing, samples, subscribed,
};

/// How long the questions of these tests wait.
const DEADLINE: Duration = Duration::from_millis(500);
/// How much later than its deadline a question may end on a busy machine.
const LATE: Duration = Duration::from_secs(5);

/// A consumer with a window of 3 holds 3 events and is not sent a fourth until it has settled or given back one.
pub async fn no_more_than_the_window_is_unsettled<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (publisher, consumers) = (harness.connect().await, harness.connect().await);
    let mut deliveries = subscribed(&consumers, Service::Products, 3).await;
    let taken: Vec<_> =
        (0..12).map(|n| publishing(&publisher, &samples::placed(OrderId::new(), n))).collect();
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(next(&mut deliveries).await);
    }
    for _ in 0..3 {
        let more = timeout(QUIET, deliveries.recv()).await;
        assert!(more.is_err(), "a fourth delivery came while three were unsettled");
        held.remove(0).settle();
        held.push(next(&mut deliveries).await);
    }
    held.clear();
    let settling = tokio::spawn(async move {
        while let Some(delivery) = deliveries.recv().await {
            delivery.settle();
        }
    });
    for task in taken {
        done("each is taken in the end", task).await;
    }
    settling.abort();
}

/// A service that takes no more does not keep the others from their events.
pub async fn a_full_consumer_does_not_hold_up_another<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (publisher, consumers) = (harness.connect().await, harness.connect().await);
    let mut products = subscribed(&consumers, Service::Products, 1).await;
    let mut shopping = subscribed(&consumers, Service::Shopping, 1).await;
    let stuck: Vec<_> =
        (0..10).map(|n| publishing(&publisher, &samples::placed(OrderId::new(), n))).collect();
    let held = next(&mut products).await;
    for _ in 0..10 {
        let event = samples::reserved();
        let publishing = publishing(&publisher, &event);
        assert_eq!(next(&mut shopping).await.settle().id, event.id);
        done("it is taken", publishing).await;
    }
    drop(held);
    stuck.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Nobody serves: at the latest the deadline says so.
pub async fn a_service_that_nobody_serves_is_given_up_by_the_deadline<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let asker = harness.connect().await;
    let begun = Instant::now();
    let outcome = timeout(LIMIT, asker.call(samples::question("is anybody there?", DEADLINE))).await;
    let outcome = outcome.expect("the question ends");
    assert!(matches!(outcome, Err(RpcError::Unavailable(_) | RpcError::TimedOut(_))), "{outcome:?}");
    assert!(begun.elapsed() < DEADLINE + LATE, "took {:?}", begun.elapsed());
}

/// A server that holds a question is waited for until the deadline, no shorter and not much longer.
pub async fn a_server_that_does_not_answer_is_given_up_at_the_deadline<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (asker, server) = (harness.connect().await, harness.connect().await);
    let mut questions = server.serve(Service::Products, 8).await.expect("a place to serve");
    let begun = Instant::now();
    let asking = tokio::spawn(async move { asker.call(samples::question("?", DEADLINE)).await });
    let held = next_question(&mut questions).await;
    let outcome = done("the question ends", asking).await;
    let took = begun.elapsed();
    assert!(matches!(outcome, Err(RpcError::TimedOut(_))), "{outcome:?}");
    assert!(took + Duration::from_millis(20) >= DEADLINE && took < DEADLINE + LATE, "took {took:?}");
    drop(held);
}

/// A question whose deadline has passed ends at once, and the server never sees it.
pub async fn a_question_that_is_too_late_is_not_asked<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (asker, server) = (harness.connect().await, harness.connect().await);
    let mut questions = server.serve(Service::Products, 8).await.expect("a place to serve");
    let outcome = timeout(LIMIT, asker.call(samples::question("too late", Duration::ZERO))).await;
    let outcome = outcome.expect("the question ends");
    assert!(matches!(outcome, Err(RpcError::TimedOut(_))), "{outcome:?}");
    let asking = tokio::spawn(async move { asker.call(samples::question("in time", PATIENCE)).await });
    let RpcRequest { call, reply } = next_question(&mut questions).await;
    assert_eq!(call.payload, samples::json("in time"));
    reply.send(Ok(call.payload)).expect("somebody to answer");
    assert_eq!(done("the answer comes", asking).await, Ok(samples::json("in time")));
}

/// An answer after the deadline is nobody's, and in particular not the next asker's.
pub async fn an_answer_that_is_too_late_goes_to_nobody<H: BrokerHarness>() {
    let harness = H::fresh().await;
    let (asker, server) = (harness.connect().await, harness.connect().await);
    let mut questions = server.serve(Service::Products, 8).await.expect("a place to serve");
    let slow = tokio::spawn({
        let asker = asker.clone();
        async move { asker.call(samples::question("slow", DEADLINE)).await }
    });
    let late = next_question(&mut questions).await;
    let outcome = done("the question ends", slow).await;
    assert!(matches!(outcome, Err(RpcError::TimedOut(_))), "{outcome:?}");
    let asking = tokio::spawn(async move { asker.call(samples::question("quick", PATIENCE)).await });
    let quick = next_question(&mut questions).await;
    // Whether the server is told that nobody waits is the adapter's affair.
    late.reply.send(Ok(samples::json("late"))).ok();
    quick.reply.send(Ok(samples::json("in time"))).expect("somebody to answer");
    assert_eq!(done("the answer comes", asking).await, Ok(samples::json("in time")));
}

/// Far more questions than the window: the server holds no more than its window, the others are told that it is busy or
/// end by their deadline, and afterwards all is as before.
pub async fn a_flood_of_questions_is_bounded_and_passes<H: BrokerHarness>() {
    const WINDOW: usize = 8;
    const FLOOD: usize = 1_000;
    let harness = H::fresh().await;
    let (asker, server) = (harness.connect().await, harness.connect().await);
    let mut questions = server.serve(Service::Products, WINDOW).await.expect("a place to serve");
    let text = "x".repeat(4_096);
    let flood = tokio::spawn({
        let asker = asker.clone();
        async move {
            let begun = Instant::now();
            let asking = (0..FLOOD).map(|_| asker.call(samples::question(&text, DEADLINE * 4)));
            let outcomes = join_all(asking).await;
            (outcomes, begun.elapsed())
        }
    });
    let mut held = Vec::new();
    while held.len() < WINDOW {
        held.push(next_question(&mut questions).await);
    }
    let more = timeout(QUIET, questions.recv()).await;
    assert!(more.is_err(), "more than {WINDOW} unanswered questions were handed out");
    let (outcomes, took) = done("the flood passes", flood).await;
    drop(held);
    assert!(took < DEADLINE * 4 + LATE, "took {took:?}");
    let busy = outcomes.iter().filter(|outcome| matches!(outcome, Err(RpcError::Busy(_)))).count();
    let timed_out = outcomes.iter().filter(|outcome| matches!(outcome, Err(RpcError::TimedOut(_)))).count();
    assert_eq!(busy + timed_out, FLOOD, "{outcomes:?}");
    assert!(
        timed_out >= WINDOW && (busy > 0 || !H::SUPPORTS.tells_busy),
        "{busy} busy, {timed_out} timed out"
    );

    let answering = tokio::spawn(async move {
        loop {
            let RpcRequest { call, reply } = next_question(&mut questions).await;
            let last = call.payload == samples::json("after the flood");
            reply.send(Ok(call.payload)).ok();
            if last {
                return questions;
            }
        }
    });
    // What was dropped keeps its place until whoever asked has been told, which takes a moment.
    let begun = Instant::now();
    let answer = loop {
        match asker.call(samples::question("after the flood", PATIENCE)).await {
            Err(RpcError::Busy(_)) if begun.elapsed() < PATIENCE => {}
            answer => break answer,
        }
    };
    assert_eq!(answer, Ok(samples::json("after the flood")));
    done("the server answered", answering).await;
}
