//! Taking the questions to a service, and answering them.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use contracts::Service;
use futures::{StreamExt as _, stream::FuturesUnordered};
use rdkafka::{error::KafkaResult, message::OwnedMessage};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    context::is_final,
    group::Group,
    progress::Ticket,
    question_wire,
    session::{CLOSED, Session},
    streams::Streams,
};
use crate::{
    Clock,
    messaging::{RpcError, RpcRequest},
};

/// How often it is committed which questions are answered. Those answered in between are answered again after a crash, and
/// nobody waits for that.
const COMMIT: Duration = Duration::from_millis(250);

/// How long the group may take to give out its partitions before it is served all the same.
const JOIN: Duration = Duration::from_secs(20);

/// The questions to one service, as one instance takes them.
struct Answering {
    service: Service,
    session: Arc<Session>,
    group: Group,
    requests: mpsc::Sender<RpcRequest>,
    places: Arc<Semaphore>,
    clock: Clock,
}

/// What is to be done with a question.
enum Next {
    /// Answer it, once the service has.
    Wait(oneshot::Receiver<Result<Bytes, RpcError>>, OwnedSemaphorePermit),
    /// Answer it at once.
    Refuse(RpcError),
    /// Nobody waits for the answer any more.
    Forget,
    /// Another instance is to have it.
    GiveBack,
}

/// A question that needs no more work, unless another instance is to have it.
type Finished = Option<Ticket>;

/// Starts to take the questions to `service`, with at most `window` of them unanswered, and waits until it is known which
/// partitions are read here: a question that came before would wait for that, and might be late.
///
/// # Errors
/// [`rdkafka::error::KafkaError`] if librdkafka refuses.
pub(super) async fn serve(
    session: Arc<Session>,
    streams: &Streams,
    service: Service,
    window: usize,
    clock: Clock,
) -> KafkaResult<mpsc::Receiver<RpcRequest>> {
    let window = window.max(1);
    let topic = session.address.names.questions_to(service);
    let group = Group::join(&session, &topic, std::slice::from_ref(&topic))?;
    let (requests, receiver) = mpsc::channel(window);
    let places = Arc::new(Semaphore::new(window));
    let (joined, end) = (group.context().joined.clone(), session.end.clone());
    let answering = Answering { service, session, group, requests, places, clock };
    streams.run(answering.run());
    tokio::select! { () = joined.cancelled() => {}, () = end.wait() => {}, () = sleep(JOIN) => {} }
    Ok(receiver)
}

impl Answering {
    async fn run(self) {
        let mut answers = FuturesUnordered::new();
        let mut commit = interval(COMMIT);
        commit.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = self.session.end.clone();
        let mut taking = true;
        while taking || !answers.is_empty() {
            tokio::select! {
                biased;
                () = end.wait() => break,
                Some(finished) = answers.next() => if let Some(ticket) = finished {
                    self.group.settle(&ticket);
                },
                () = self.requests.closed(), if taking => taking = false,
                _ = commit.tick() => self.group.commit(),
                question = self.group.receive(), if taking => {
                    if let Some((ticket, question)) = self.meet(question).await {
                        let next = self.take(&question);
                        answers.push(self.finish(ticket, question, next));
                    }
                }
            }
        }
        drop(answers);
        let broker_is_there = !end.is_over() || end.reason() == CLOSED;
        let Self { group, requests, session, .. } = self;
        drop((requests, session));
        group.leave(broker_is_there).await;
    }

    async fn meet(&self, question: KafkaResult<OwnedMessage>) -> Option<(Ticket, OwnedMessage)> {
        let met = match question {
            Ok(question) => self.group.meet(&question).await.map(|ticket| (ticket, question)),
            Err(error) => Err(error),
        };
        match met {
            Ok((ticket, question)) => ticket.map(|ticket| (ticket, question)),
            Err(error) => {
                if is_final(&error) {
                    self.session.end.because(error);
                } else {
                    tracing::debug!(service = %self.service, %error, "questions are late");
                }
                None
            }
        }
    }

    fn take(&self, question: &OwnedMessage) -> Next {
        if self.requests.is_closed() {
            return Next::GiveBack;
        }
        let call = match question_wire::call(self.service, question) {
            Ok(call) => call,
            Err(reason) => return Next::Refuse(RpcError::Invalid(reason)),
        };
        if call.deadline.since(self.clock.now()).is_zero() {
            metrics::counter!("rpc_late_total", "service" => self.service.name()).increment(1);
            return Next::Forget;
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Next::Refuse(RpcError::Busy(self.service.to_string()));
        };
        let (reply, answer) = oneshot::channel();
        // It has room for all who have a place.
        match self.requests.try_send(RpcRequest { call, reply }) {
            Ok(()) => Next::Wait(answer, place),
            Err(_) => Next::GiveBack,
        }
    }

    async fn finish(&self, ticket: Ticket, question: OwnedMessage, next: Next) -> Finished {
        let (answer, _place) = match next {
            Next::Wait(answer, place) => match answer.await {
                Ok(answer) => (answer, Some(place)),
                // It stops, and has dropped what it had not begun.
                Err(_) if self.requests.is_closed() => return None,
                Err(_) => {
                    (Err(RpcError::Failed(format!("{} dropped the question", self.service))), Some(place))
                }
            },
            Next::Refuse(error) => (Err(error), None),
            Next::Forget => return Some(ticket),
            Next::GiveBack => return None,
        };
        if let Some(to) = question_wire::reply_to(&question) {
            let (headers, payload) = question_wire::reply(&question, to, answer);
            self.session.answer(to, headers, &payload);
        }
        Some(ticket)
    }
}
